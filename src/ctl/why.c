// SPDX-License-Identifier: GPL-2.0
/*
 * why: whose pages are in the way of a region. The module reads the RMP for it
 * (debugfs rmp and rmp_region).
 */
#include <errno.h>
#include <string.h>

#include "rmpopt.h"
#include "why.h"

const struct column why_columns[] = {
	{ "region", COLUMN_NUMBER, "its number: GiB of physical address space" },
	{ "state", COLUMN_TEXT,
	  "optimized, held, backoff, rmp, uncovered, faulty, optimizable; unknown, as nothing was tried yet" },
	{ "kind", COLUMN_TEXT, "of one region: guest, firmware; unknown, if the CPU has no RMPREAD" },
	{ "asid", COLUMN_NUMBER, "of one region: the guest's ASID" },
	{ "pages", COLUMN_NUMBER, "of one region: pages of 4 KiB that it holds" },
	{ "whole", COLUMN_NUMBER, "blocks of 2 MiB wholly assigned" },
	{ "partial", COLUMN_NUMBER, "blocks of 2 MiB partly assigned" },
	{ "firmware", COLUMN_NUMBER, "of these blocks: holding firmware pages; null: not known" },
	{ "asids", COLUMN_TEXT, "ASIDs of the guests met in it; ?: not known" },
	{ }
};

static bool plain(void)
{
	return !options.json && !options.output && !options.no_headings;
}

/* Says why a file of debugfs could not be read, by errno. */
int why_no_debugfs(const char *file)
{
	/* Root gets that from a kernel that is locked down, and from nobody else. */
	if (errno == EPERM)
		return failed(DEBUGFS "%s: not permitted: the kernel is locked down (/sys/kernel/security/lockdown), as with Secure Boot",
			      file);
	return failed(DEBUGFS "%s: %s; run this as root, with debugfs mounted on /sys/kernel/debug",
		      file, strerror(errno));
}

/**
 * struct holders - who has pages of a region
 * @guest: guests
 * @firmware: firmware
 * @somebody: the CPU does not tell whose they are
 */
struct holders {
	bool guest;
	bool firmware;
	bool somebody;
};

/* Whatever the RMP says of the region; NULL if that matters. */
static const char *plain_advice(enum region_state state)
{
	switch (state) {
	case REGION_OPTIMIZED:
		return "There is nothing to do.";
	case REGION_OWN:
		return "It holds the RMP itself and never becomes optimized. That is normal.";
	case REGION_UNCOVERED:
		return "It lies in no core's window: windows hold 2 TiB and are placed where most memory is.";
	case REGION_FAULTY:
		return "RMPOPT faults there, though RMPOPT_BASE is right. It is tried again with growing pauses; if it\n"
		       "still faults after hours: rmpoptctl status --save FILE, and report it.";
	default:
		return NULL;
	}
}

static bool takes_scans(const struct host *host)
{
	return !strcmp(host->state, "ready") || !strcmp(host->state, "scanning");
}

/* Nobody can ask for a pass where the module only looks. */
static const char *view_advice(const struct host *host, const struct holders *holders)
{
	if (holders->guest)
		return "SNP guests live there. No RMPOPT can optimize it before they have ended.";
	if (holders->firmware)
		return "Firmware holds pages there, as it does for each of its commands.";
	if (holders->somebody)
		return "SNP guests live there, or firmware holds pages; without RMPREAD it is not known which.";
	if (host->tables)
		return "Nothing is in the way now: the kernel, which drives RMPOPT itself, decides when it is tried.";
	return format("Nothing is in the way: RMPOPT could optimize it. View only: %s.", host_why(host));
}

static const char *advice(const struct host *host, enum region_state state,
			  const struct holders *holders)
{
	bool anybody = holders->guest || holders->firmware || holders->somebody;

	if (plain_advice(state))
		return plain_advice(state);
	if (host->viewing)
		return view_advice(host, holders);
	if (!takes_scans(host) && !anybody)
		return format("No page is in the way, but rmpopt %s: %s", host_is(host), host->reason);
	if (holders->guest || holders->somebody)
		return "SNP guests live there. After they have ended: rmpoptctl scan --wait. Guests in huge pages\n"
		       "(hugetlbfs) bound to a node spread over fewer regions.";
	if (holders->firmware)
		return "Firmware holds pages there, as it does for each of its commands. A later scan may regain the\n"
		       "region.";
	return state == REGION_BACKOFF ?
	       "Nothing is in the way now. It was lost again and again, so it waits; rmpoptctl scan ends that." :
	       "Nothing is in the way now: rmpoptctl scan --wait.";
}

/*
 * The records of one region: exact ones live. In a saved tree, and where the
 * kernel is locked down and lets nobody write to debugfs, those of rmp.
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

/* Without RMPREAD "?" stands where owners would. */
static bool is_unknown(const char *text)
{
	return text && !strcmp(text, "?");
}

/* "error:-14" stands where something else can't; NULL if it does not. */
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
		printf("  guest with ASID %s: %llu page%s of 4 KiB\n",
		       asid ?: "?", pages, plural(pages));
	} else if (!strcmp(kind, "unknown")) {
		holders->somebody = true;
		printf("  owner not known, as this CPU has no RMPREAD: %llu page%s of 4 KiB\n",
		       pages, plural(pages));
	} else {
		holders->firmware = true;
		printf("  firmware: %llu page%s of 4 KiB\n", pages, plural(pages));
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
	printf("  of 512 blocks of 2 MiB %llu are wholly assigned, %llu partly; %s\n", whole, partial,
	       holders->somebody ? "whose they are is not known, as this CPU has no RMPREAD" :
	       format("%llu of these hold firmware pages", of_firmware));
	if (asids && !holders->somebody)
		printf("  guests with ASID %s\n", asids);
	holders->guest = asids && !holders->somebody;
	holders->firmware = of_firmware;
}

/* Returns why the RMP could not be read, NULL if it could. */
static const char *say_region(const struct host *host, u32 region,
			      const struct records *records, bool exact)
{
	enum region_state state = region_state(host, region);
	struct holders holders = { };
	const char *error = NULL;
	size_t i;

	printf("Region %u (%u GiB to %u GiB) is %soptimized.\n", region, region,
	       region + 1, state == REGION_OPTIMIZED ? "" : "not ");
	if (!exact && !options.sysroot)
		puts("  (the kernel is locked down: blocks instead of pages)");
	for (i = 0; i < records_count(records); i++) {
		if (!is_about(records, i, region))
			continue;
		error = error ?: why_error(records, i);
		if (exact)
			say_holder(records, i, &holders);
		else
			say_blocks(records, i, &holders);
	}
	if (!error)
		puts(advice(host, state, &holders));
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
		if (record_text(records, row, texts[i]))
			table_set(table, texts[i], "%s",
				  record_text(records, row, texts[i]));
}

static const char *print_region(const struct host *host, u32 region,
				const struct records *records)
{
	struct table *table = table_new("why", why_columns);
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
	return error;
}

/* Says that the RMP could not be read in a region. */
int why_no_rmp(u64 region, const char *error)
{
	return failed("the RMP can't be read in region %llu: %s; is SNP initialised (rmpoptctl check)? If so, rmpoptctl status --save is for a bug report",
		      region, error);
}

static int why_one(const struct host *host, const char *word)
{
	struct records *records;
	const char *error;
	bool exact;
	u64 region;

	if (!parse_number(word, &region) || region >= REGIONS_MAX)
		return misused("why %s: give the number of a region, like 5 for 5 GiB to 6 GiB", word);
	if (!list_has(&host->covered, region))
		return failed("region %llu is not covered; " SYSFS "covered lists the regions that are", region);
	records = one_region(region, &exact);
	if (!records)
		return why_no_debugfs(options.sysroot ? "rmp" : "rmp_region");
	error = plain() ? say_region(host, region, records, exact) :
		print_region(host, region, records);
	return error ? why_no_rmp(region, error) : CTL_OK;
}

/* What is not optimized; where no table is in use, what could not be. */
static bool is_in_question(const struct host *host, u32 region)
{
	enum region_state state = region_state(host, region);

	return state != REGION_OPTIMIZED && (host->tables || state != REGION_OPTIMIZABLE);
}

/* Every region that is not optimized. */
static int why_all(const struct host *host, bool in_words)
{
	struct records *records = records_read(DEBUGFS "rmp");
	u64 region, failing = 0;
	const char *error = NULL;
	struct table *table;
	bool any = false;
	size_t i;

	if (!records)
		return why_no_debugfs("rmp");
	table = table_new("why", why_columns);
	for (i = 0; i < records_count(records); i++) {
		if (!record_number(records, i, "region", &region) ||
		    region >= REGIONS_MAX || !is_in_question(host, region))
			continue;
		add_row(table, host, region, records, i);
		any = true;
		if (!error) {
			error = why_error(records, i);
			failing = region;
		}
	}
	if (!any && in_words)
		puts(host->tables ? "Nothing is in the way: every region that is covered is optimized." :
		     "Nothing is in the way: no page of any region that is covered is assigned.");
	return table_print(table) ?: (error ? why_no_rmp(failing, error) : CTL_OK);
}

int run_why(char **arguments)
{
	static const char all_columns[] = "region,state,whole,partial,firmware,asids";
	bool in_words = plain();
	struct host host;

	if (!host_read(&host))
		return host_missing("why", why_columns);
	if (!host.root)
		return failed("can't read " SYSFS "covered; run this as root");
	host_read_places(&host);
	/* Words about one region do without. */
	if (!*arguments || !in_words)
		host_read_free(&host);
	if (*arguments)
		return why_one(&host, *arguments);
	if (!options.json && !options.output)
		options.output = all_columns;
	return why_all(&host, in_words);
}
