// SPDX-License-Identifier: GPL-2.0
/*
 * lab: what a process gains whose memory lies in optimized regions. RMPOPT_EN
 * can't be cleared, so the only honest "without" are the same pages while the
 * bits of their regions are clear: one page of ours in each of these regions is
 * converted and taken back, and nobody verifies.
 */
#include <fcntl.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include "lab.h"

/* More than TLBs hold, where the host has it. */
#define HUGE_MOST	(16 * GIB)
#define SMALL_MOST	GIB

#define WRITE_REGIONS	32u

/* How long writes are counted, and how many there are between two looks at the clock. */
#define WRITE_NS	100000000ull
#define WRITE_STEP	4096u

/* Of an entry of /proc/self/pagemap. */
#define PAGEMAP_PFN	(BIT_ULL(55) - 1)
#define PAGEMAP_PRESENT	BIT_ULL(63)

/**
 * struct memory - of this process
 * @bytes: mapped
 * @size: how many
 * @unit: size of its pages
 * @spa: where each of them lay when that was last looked up
 * @at: offsets of those pages that lie in chosen regions
 * @units: how many
 */
struct memory {
	char *bytes;
	u64 size;
	u64 unit;
	u64 *spa;
	u64 *at;
	u64 units;
};

/**
 * struct target - regions that are written to
 */
struct target {
	u32 region[WRITE_REGIONS];
	u64 page[WRITE_REGIONS];
	u32 nr;
};

/* Bytes that can be allocated without much ado. */
u64 available_memory(void)
{
	char *text = file_text("/proc/meminfo"), *line, *rest, *name;
	u64 kib = 0;

	while ((line = next_line(&text))) {
		rest = line;
		name = next_word(&rest);
		if (!name || strcmp(name, "MemAvailable:"))
			continue;
		name = next_word(&rest);
		if (name)
			parse_number(name, &kib);
	}
	return kib << 10;
}

static bool map(struct memory *memory, u64 unit, u64 size)
{
	u64 past;

	memory->unit = unit;
	memory->size = size / BLOCK * BLOCK;
	memory->bytes = mmap(NULL, memory->size + BLOCK, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
	if (memory->bytes == MAP_FAILED)
		return false;
	past = (u64)(unsigned long)memory->bytes % BLOCK;
	memory->bytes += past ? BLOCK - past : 0;
	madvise(memory->bytes, memory->size, unit == BLOCK ? MADV_HUGEPAGE : MADV_NOHUGEPAGE);
	memset(memory->bytes, 1, memory->size);
	return true;
}

/* The physical address of a page of so many entries; 0 if it is none of that size. */
static u64 page_of(const u64 *entry, u64 each)
{
	u64 first = entry[0] & PAGEMAP_PFN, last = entry[each - 1] & PAGEMAP_PFN;

	/* A huge page is one: aligned, and in one piece. */
	return entry[0] & PAGEMAP_PRESENT && last - first == each - 1 && first % each == 0 ? first * PAGE : 0;
}

/* Physical addresses of its pages of @unit; 0 for what is none of such. */
static u64 *look_up(const struct memory *memory)
{
	u64 each = memory->unit / PAGE, n = BLOCK / memory->unit, i, j,
	    *spa = arena_get(memory->size / memory->unit * sizeof(*spa)), entry[BLOCK / PAGE];
	int fd = open("/proc/self/pagemap", O_RDONLY | O_CLOEXEC);
	off_t at;

	for (i = 0; i < memory->size / BLOCK && fd >= 0; i++) {
		at = ((u64)(unsigned long)memory->bytes + i * BLOCK) / PAGE * sizeof(*entry);
		if (pread(fd, entry, sizeof(entry), at) != sizeof(entry))
			continue;
		for (j = 0; j < n; j++)
			spa[i * n + j] = page_of(entry + j * each, each);
	}
	if (fd >= 0)
		close(fd);
	return spa;
}

/* Regions from which this process gets memory now, so that a page of them is soon found. */
void regions_at_hand(struct list *regions)
{
	u64 size = available_memory() / 16, *spa, i;
	struct memory memory = { };

	memset(regions, 0, sizeof(*regions));
	if (!map(&memory, BLOCK, size < GIB ? size : GIB))
		return;
	/* There may be no huge pages; with PREEMPT_RT there are none. */
	memory.unit = PAGE;
	spa = look_up(&memory);
	for (i = 0; i < memory.size / memory.unit; i++)
		if (spa[i])
			list_insert(regions, spa[i] / GIB, spa[i] / GIB + 1);
	munmap(memory.bytes, memory.size);
}

/* Regions that hold this memory, that are free, and in which a page can be had. */
static bool choose(struct lab *lab, const struct lab_core *core, const struct memory *memory,
		   struct target *target)
{
	const u64 *spa = memory->spa;
	u64 n = memory->size / memory->unit, i;
	struct lab_region *region;
	struct list seen = { };
	u32 number;

	for (i = 0; i < n && target->nr < WRITE_REGIONS; i++) {
		number = spa[i] / GIB;
		if (!spa[i] || list_has(&seen, number))
			continue;
		list_insert(&seen, number, number + 1);
		region = region_find(lab, number);
		if (!region || !region_free(lab, core, region) || !lab_take(lab, number, &target->page[target->nr]))
			continue;
		target->region[target->nr++] = number;
		if (!lab_convert_and_back(lab, target->page[target->nr - 1]))
			return false;
	}
	return !lab->surprise && !lab->signal;
}

static bool is_target(const struct target *target, u64 spa)
{
	u32 i;

	for (i = 0; i < target->nr; i++)
		if (spa && target->region[i] == spa / GIB)
			return true;
	return false;
}

/* The pages that lie in these regions now: compaction and NUMA balancing move pages. */
static void keep_targets(struct memory *memory, const struct target *target)
{
	u64 n = memory->size / memory->unit, i;

	memory->spa = look_up(memory);
	memory->units = 0;
	for (i = 0; i < n; i++)
		if (is_target(target, memory->spa[i]))
			memory->at[memory->units++] = i * memory->unit;
}

/* Has one of them gone elsewhere since then? */
static bool has_moved(const struct memory *memory)
{
	const u64 *now = look_up(memory);
	u64 i, n;

	for (i = 0; i < memory->units; i++) {
		n = memory->at[i] / memory->unit;
		if (now[n] != memory->spa[n])
			return true;
	}
	return false;
}

static u64 next_random(u64 *state)
{
	*state ^= *state << 13;
	*state ^= *state >> 7;
	*state ^= *state << 17;
	return *state;
}

/* Writes of 8 bytes, anywhere in the pages, for a while; says how many. */
static u64 write_randomly(const struct memory *memory, u64 *writes)
{
	u64 state = 88172645463325252ull, begin = now_ns(), random, at, i, ns;

	for (*writes = 0; (ns = now_ns() - begin) < WRITE_NS; *writes += WRITE_STEP)
		for (i = 0; i < WRITE_STEP; i++) {
			random = next_random(&state);
			at = memory->at[(random >> 32) * memory->units >> 32] + (random & (memory->unit - 1) & ~7ull);
			__atomic_store_n((u64 *)(memory->bytes + at), random, __ATOMIC_RELAXED);
		}
	return ns;
}

/* Nanoseconds for one copy of the first half of the pages to the second. */
static u64 copy(const struct memory *memory)
{
	u64 half = memory->units / 2, begin = now_ns(), i;

	for (i = 0; i < half; i++)
		memcpy(memory->bytes + memory->at[half + i], memory->bytes + memory->at[i], memory->unit);
	return now_ns() - begin;
}

static void measured(struct lab *lab, const char *what, const struct memory *memory, bool optimized, u32 round,
		     u64 amount, u64 ns)
{
	struct json_object *line = array_new_object(json_at(lab->document, "writes"));

	put_text(line, "what", what);
	put_number(line, "page_size", memory->unit);
	put_bool(line, "optimized", optimized);
	put_number(line, "round", round);
	put_number(line, "bytes_touched", memory->units * memory->unit);
	put_number(line, "amount", amount);
	put_number(line, "ns", ns);
	/* Millions of writes a second, or GB/s. */
	put(line, "rate", json_object_new_double(ns ? amount * (*what == 'c' ? 1.0 : 1e3) / ns : 0));
}

/**
 * struct rates - what was measured in a round
 */
struct rates {
	u64 writes;
	u64 writes_ns;
	u64 copy_ns;
};

static void measure_one(const struct memory *memory, struct rates *rates)
{
	rates->writes_ns = write_randomly(memory, &rates->writes);
	rates->copy_ns = memory->units > 1 ? copy(memory) : 0;
}

static void note_one(struct lab *lab, const struct memory *memory, bool optimized, u32 round, const struct rates *rates)
{
	measured(lab, "random", memory, optimized, round, rates->writes, rates->writes_ns);
	if (memory->units > 1)
		measured(lab, "copy", memory, optimized, round, memory->units / 2 * memory->unit, rates->copy_ns);
}

/* Their bits on the core: set by verifies, or lost by a conversion. */
static bool set_bits(struct lab *lab, const struct lab_core *core, const struct target *target, bool optimized)
{
	struct lab_result result;
	u32 i;

	for (i = 0; i < target->nr; i++) {
		if (!optimized) {
			if (!lab_convert_and_back(lab, target->page[i]))
				return false;
			continue;
		}
		if (!lab_rmpopt(lab, core->cpu[0], target->region[i], VERIFY, &result))
			return false;
	}
	return true;
}

/* Does the core hold what was wanted, still? */
static bool bits_are(struct lab *lab, const struct lab_core *core, const struct target *target,
		     bool optimized, bool *are)
{
	struct lab_result result;
	u32 i;

	*are = true;
	for (i = 0; i < target->nr; i++) {
		if (!lab_rmpopt(lab, core->cpu[0], target->region[i], REPORT, &result))
			return false;
		*are &= result.cf == optimized;
	}
	return true;
}

/*
 * One round: it counts if bits and pages were the same before and after it. They
 * are not if a guest took a page, somebody else made a pass, or the kernel moved
 * pages of ours.
 */
static bool measure_round(struct lab *lab, const struct lab_core *core, struct memory *memory,
			  const struct target *target, bool optimized, u32 round)
{
	struct rates rates;
	bool are;

	keep_targets(memory, target);
	if (!set_bits(lab, core, target, optimized) || !bits_are(lab, core, target, optimized, &are))
		return false;
	if (!are || !memory->units)
		return true;
	measure_one(memory, &rates);
	if (!bits_are(lab, core, target, optimized, &are))
		return false;
	if (are && !has_moved(memory))
		note_one(lab, memory, optimized, round, &rates);
	return true;
}

static bool measure_both(struct lab *lab, const struct lab_core *core, struct memory *memory,
			 const struct target *target)
{
	u32 round, optimized;

	for (round = 1; round <= ROUNDS; round++)
		for (optimized = 0; optimized < 2; optimized++)
			if (!measure_round(lab, core, memory, target, optimized, round))
				return false;
	return true;
}

static bool measure_unit(struct lab *lab, const struct lab_core *core, u64 unit, u64 size)
{
	struct memory memory = { };
	struct target target = { };
	bool good;

	if (!map(&memory, unit, size))
		return true;
	memory.spa = look_up(&memory);
	memory.at = arena_get(memory.size / memory.unit * sizeof(*memory.at));
	good = choose(lab, core, &memory, &target);
	if (good && target.nr)
		good = measure_both(lab, core, &memory, &target);
	lab_say("  writes to %llu MiB in %u regions", memory.units * unit >> 20, target.nr);
	munmap(memory.bytes, memory.size);
	lab_give_all(lab);
	return good;
}

bool measure_writes(struct lab *lab)
{
	const struct lab_core *core = lab_test_core(lab);
	u64 memory = available_memory() / 8;
	bool good;

	if (memory < 8 * BLOCK || !lab_bind_to(core->cpu[0]))
		return true;
	good = measure_unit(lab, core, BLOCK, memory < HUGE_MOST ? memory : HUGE_MOST) &&
	       measure_unit(lab, core, PAGE, memory < SMALL_MOST ? memory : SMALL_MOST);
	lab_move_back();
	return good;
}
