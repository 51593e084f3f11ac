// SPDX-License-Identifier: GPL-2.0
/*
 * why: whose pages keep a region from being optimized. The module reads the RMP
 * for it (debugfs rmp and rmp_region).
 */
#include <errno.h>
#include <string.h>

#include "rmpopt.h"
#include "why.h"

const struct column why_columns[] = {
	{ "region", COLUMN_NUMBER, "number of the region: GiB of physical address space" },
	{ "state", COLUMN_TEXT,
	  "optimized, held (pages of guests or firmware), backoff (retried later), rmp (holds the RMP), uncovered (in no window), faulty (RMPOPT faults), optimizable, or unknown (not tried yet)"
	},
	{ "kind", COLUMN_TEXT, "owner of pages: guest, firmware, or unknown (no RMPREAD); with REGION only" },
	{ "asid", COLUMN_NUMBER, "ASID of the guest; with REGION only" },
	{ "pages", COLUMN_NUMBER, "pages of 4 KiB of this owner; with REGION only" },
	{ "whole", COLUMN_NUMBER, "blocks of 2 MiB wholly assigned" },
	{ "partial", COLUMN_NUMBER, "blocks of 2 MiB partly assigned" },
	{ "firmware", COLUMN_NUMBER, "blocks of 2 MiB with firmware pages; null: not known" },
	{ "asids", COLUMN_TEXT, "ASIDs of guests in the region; ?: not known" },
	{ }
};

/* Reports why a file of debugfs could not be read, by errno. */
int why_no_debugfs(const char *file)
{
	int error = errno;

	/* Only a locked down kernel does this to root. */
	if (error == EPERM)
		return failed(DEBUGFS "%s: not permitted: the kernel is locked down (/sys/kernel/security/lockdown), as with Secure Boot",
			      file);
	if (error == EBADMSG)
		return failed(DEBUGFS "%s: this rmpoptctl does not know its format; use one of the module's version (rmpoptctl check)",
			      file);
	return failed(DEBUGFS "%s: %s; %s, with debugfs mounted on /sys/kernel/debug",
		      file, strerror(error), host_as_root(format(DEBUGFS "%s", file)));
}

/**
 * struct holders - owners of pages in a region
 * @guest: guests
 * @firmware: firmware
 * @somebody: some owner; the CPU has no RMPREAD
 */
struct holders {
	bool guest;
	bool firmware;
	bool somebody;
};

/* Advice that does not depend on the RMP; NULL if there is none. */
static const char *plain_advice(enum region_state state)
{
	switch (state) {
	case REGION_OPTIMIZED:
		return "Nothing to do.";
	case REGION_OWN:
		return "It holds the RMP itself and is never optimized. This is normal.";
	case REGION_UNCOVERED:
		return "It is in no core's window: a window is 2 TiB, and is placed where most memory is.";
	case REGION_FAULTY:
		return format("%s %s",
			      "RMPOPT faults there, although RMPOPT_BASE is correct. It is retried at growing intervals.",
			      "If it still faults after hours: rmpoptctl status --save FILE, and report it.");
	default:
		return NULL;
	}
}

/* In view-only mode no pass can be requested. */
static const char *view_advice(const struct host *host, const struct holders *holders)
{
	if (holders->guest)
		return "It can't be optimized before these guests have ended.";
	if (holders->firmware)
		return "Firmware uses such pages for its commands, and gives them back.";
	if (holders->somebody)
		return "These are pages of SNP guests or firmware; without RMPREAD it is not known which.";
	if (host->tables)
		return "No page prevents it: the kernel, which drives RMPOPT itself, decides when to try it.";
	return format("No page prevents it: RMPOPT could optimize it. View only: %s.", host_why(host));
}

static const char *advice(const struct host *host, enum region_state state,
			  const struct holders *holders)
{
	bool anybody = holders->guest || holders->firmware || holders->somebody;

	if (plain_advice(state))
		return plain_advice(state);
	if (host->viewing)
		return view_advice(host, holders);
	if (!host_takes_requests(host) && !anybody)
		return format("No page prevents it, but rmpopt %s: %s", host_is(host), host->reason);
	if (holders->guest || holders->somebody)
		return format("%s %s", "After these guests have ended: rmpoptctl scan --wait.",
			      "Guests in huge pages (hugetlbfs) bound to a node occupy fewer regions.");
	if (holders->firmware)
		return format("%s %s", "Firmware uses such pages for its commands, and gives them back.",
			      "A later pass may regain the region.");
	if (state == REGION_BACKOFF)
		return format("%s %s", "No page prevents it now. It was lost again soon after it was regained, or is being",
			      "converted, so it waits; to try now: rmpoptctl scan.");
	return "No page prevents it now: rmpoptctl scan --wait.";
}

/*
 * The records of one region: exact ones live. In a saved tree, and where the
 * kernel is locked down and nobody may write to debugfs, those of rmp.
 */
static struct records *one_region(u32 region, bool *exact)
{
	char *answer = NULL;

	*exact = false;
	if (!options.sysroot) {
		answer = file_ask(DEBUGFS "rmp_region", format("%u", region));
		if (!answer && errno != EPERM)
			return NULL;
	}
	*exact = answer;
	return answer ? records_parse(answer) : records_read(DEBUGFS "rmp");
}

/* Without RMPREAD owners are "?". */
static bool is_unknown(const char *text)
{
	return text && !strcmp(text, "?");
}

/* Of "error:-14" in the place of an owner; NULL if it is an owner. */
const char *why_error(const struct records *records, size_t row)
{
	const char *text = record_text(records, row, "kind") ?:
			   record_text(records, row, "asids");
	u64 error;

	if (!text || strncmp(text, "error:-", 7))
		return NULL;
	return parse_number(text + 7, &error) && error < 4096 ?
	       strerror(error) : "unknown error";
}

static bool is_about(const struct records *records, size_t row, u32 region)
{
	u64 number;

	return record_number(records, row, "region", &number) && number == region;
}

static void say_holder(const struct records *records, size_t row,
		       struct holders *holders)
{
	const char *kind = record_text(records, row, "kind");
	const char *asid = record_text(records, row, "asid");
	u64 pages;

	if (!kind || !record_number(records, row, "pages", &pages))
		return;
	if (!strcmp(kind, "guest")) {
		holders->guest = true;
		fold(0, 4, format("  guest with ASID %s: %llu page%s of 4 KiB",
				  asid ?: "?", pages, plural(pages)));
	} else if (!strcmp(kind, "unknown")) {
		holders->somebody = true;
		fold(0, 4, format("  owner not known (no RMPREAD): %llu page%s of 4 KiB",
				  pages, plural(pages)));
	} else {
		holders->firmware = true;
		fold(0, 4, format("  firmware: %llu page%s of 4 KiB", pages, plural(pages)));
	}
}

static void say_blocks(const struct records *records, size_t row,
		       struct holders *holders)
{
	const char *asids = record_text(records, row, "asids");
	u64 whole, partial, of_firmware = 0;

	if (!record_number(records, row, "whole", &whole) ||
	    !record_number(records, row, "partial", &partial))
		return;
	holders->somebody = is_unknown(asids);
	if (!holders->somebody && !record_number(records, row, "firmware", &of_firmware))
		return;
	fold(0, 4, format("  512 blocks of 2 MiB: %llu wholly and %llu partly assigned, %s", whole, partial,
			  holders->somebody ? "owner not known (no RMPREAD)" :
			  format("%llu with firmware pages", of_firmware)));
	if (asids && !holders->somebody)
		fold(0, 4, format("  guests with ASID %s", asids));
	holders->guest = asids && !holders->somebody;
	holders->firmware = of_firmware;
}

/* Only the exact records have no row of a region without assigned pages. */
static const char *no_row(bool exact)
{
	return exact ? NULL : "debugfs does not list it";
}

/* Returns why the RMP could not be read, NULL if it could. */
static const char *say_region(const struct host *host, u32 region,
			      const struct records *records, bool exact)
{
	enum region_state state = region_state(host, region);
	struct holders holders = { };
	const char *error = no_row(exact);
	size_t i;

	fold(0, 2, format("Region %u (%u GiB to %u GiB) is %soptimized.", region, region,
			  region + 1, state == REGION_OPTIMIZED ? "" : "not "));
	if (!exact && !options.sysroot)
		fold(0, 4, "  (kernel locked down: blocks are shown instead of pages)");
	for (i = 0; i < records_count(records); i++) {
		if (!is_about(records, i, region))
			continue;
		error = why_error(records, i);
		if (error)
			break;
		if (exact)
			say_holder(records, i, &holders);
		else
			say_blocks(records, i, &holders);
	}
	if (!error)
		fold(0, 0, advice(host, state, &holders));
	return error;
}

static void copy_number(struct table *table, const struct records *records,
			size_t row, const char *name)
{
	u64 value;

	if (record_number(records, row, name, &value))
		table_number(table, name, value);
}

static void add_row(struct table *table, const struct host *host, u32 region,
		    const struct records *records, size_t row)
{
	static const char * const numbers[] = {
		"asid", "pages", "whole", "partial", "firmware"
	};
	static const char * const texts[] = { "kind", "asids" };
	size_t i;

	table_row(table);
	table_number(table, "region", region);
	table_set(table, "state", "%s", region_words[region_state(host, region)]);
	for (i = 0; records && i < ARRAY_SIZE(numbers); i++)
		copy_number(table, records, row, numbers[i]);
	for (i = 0; records && i < ARRAY_SIZE(texts); i++)
		if (record_text(records, row, texts[i]) && !why_error(records, row))
			table_set(table, texts[i], "%s",
				  record_text(records, row, texts[i]));
}

static const char *print_region(const struct host *host, u32 region,
				const struct records *records, bool exact)
{
	struct table *table = table_new("why", why_columns, NULL);
	const char *error = NULL;
	bool any = false;
	size_t i;

	for (i = 0; i < records_count(records); i++) {
		if (!is_about(records, i, region))
			continue;
		error = error ?: why_error(records, i);
		add_row(table, host, region, records, i);
		any = true;
	}
	if (!any)
		add_row(table, host, region, NULL, 0);
	table_print(table);
	return any ? error : no_row(exact);
}

/* Says that the RMP could not be read in a region. */
int why_no_rmp(u64 region, const char *error)
{
	return failed("can't read the RMP of region %llu: %s; if rmpoptctl check finds SNP initialised, report this with rmpoptctl status --save FILE",
		      region, error);
}

/* By region the place of its row, counted from 1; 0 where there is none. */
u32 *why_rows(const struct records *records, const struct list *covered)
{
	u32 end = covered->ranges ? covered->range[covered->ranges - 1].last + 1 : 0;
	u32 *places = arena_get((end + 1ull) * sizeof(*places));
	u64 region;
	size_t i;

	for (i = 0; i < records_count(records); i++)
		if (record_number(records, i, "region", &region) && region < end)
			places[region] = i + 1;
	return places;
}

static bool is_region(const char *word, u64 *region)
{
	return parse_number(word, region) && *region < REGIONS_MAX;
}

static int why_one(const struct host *host, u64 region)
{
	struct records *records;
	const char *error;
	bool exact;

	if (!list_has(&host->covered, region))
		return failed("region %llu is not covered; " SYSFS "covered lists the regions that are", region);
	records = one_region(region, &exact);
	if (!records)
		return why_no_debugfs(options.sysroot ? "rmp" : "rmp_region");
	error = table_wanted() ? print_region(host, region, records, exact) :
		say_region(host, region, records, exact);
	return error ? why_no_rmp(region, error) : CTL_OK;
}

/* What is not optimized; where no table is in use, what could not be. */
static bool is_in_question(const struct host *host, u32 region)
{
	enum region_state state = region_state(host, region);

	return state != REGION_OPTIMIZED && (host->tables || state != REGION_OPTIMIZABLE);
}

/**
 * struct failure - where the RMP could not be read
 * @error: why, NULL if it could be read everywhere
 * @region: the first such region
 */
struct failure {
	const char *error;
	u32 region;
};

/* @place is that of the region's row, counted from 1. */
static void why_region(struct table *table, const struct host *host, u32 region,
		       const struct records *records, u32 place, struct failure *failure)
{
	const char *error = place ? why_error(records, place - 1) : no_row(false);

	add_row(table, host, region, place ? records : NULL, place - 1);
	if (error && !failure->error)
		*failure = (struct failure){ error, region };
}

/* Words behind the rows. */
static void say_sum(const struct host *host, u64 regions)
{
	if (regions) {
		putchar('\n');
		fold(0, 0, format("%llu region%s of 1 GiB %s optimized. %s %s", regions, plural(regions),
				  host->tables ? regions == 1 ? "is not" : "are not" : "can't be",
				  "WHOLE, PARTIAL and FIRMWARE count blocks of 2 MiB;",
				  "rmpoptctl why REGION counts the pages of each owner."));
	} else {
		puts(host->tables ? "All covered regions are optimized." :
		     "RMPOPT could optimize all covered regions: no page is assigned.");
	}
}

/* Every covered region that is not optimized, whether the file has it or not. */
static int why_all(const struct host *host)
{
	static const char defaults[] = "region,state,whole,partial,firmware,asids";
	struct records *records = records_read(DEBUGFS "rmp");
	struct failure failure = { };
	struct table *table;
	u32 *places, region;
	u64 regions = 0;
	size_t i;
	int ret;

	if (!records)
		return why_no_debugfs("rmp");
	places = why_rows(records, &host->covered);
	table = table_new("why", why_columns, defaults);
	for (i = 0; i < host->covered.ranges; i++)
		for (region = host->covered.range[i].first; region <= host->covered.range[i].last; region++) {
			if (!is_in_question(host, region))
				continue;
			why_region(table, host, region, records, places[region], &failure);
			regions++;
		}
	ret = table_print(table);
	if (!ret && !table_wanted())
		say_sum(host, regions);
	return ret ?: (failure.error ? why_no_rmp(failure.region, failure.error) : CTL_OK);
}

int run_why(char **arguments)
{
	struct host host;
	u64 region = 0;

	if (*arguments && !is_region(*arguments, &region))
		return misused("why %s: use the number of a region, like 5 for 5 GiB to 6 GiB", *arguments);
	if (!host_read(&host))
		return host_missing();
	if (!host.root)
		return host_for_root();
	host_read_places(&host);
	/* Words about one region do without. */
	if (!*arguments || table_wanted())
		host_read_free(&host);
	return *arguments ? why_one(&host, region) : why_all(&host);
}
