// SPDX-License-Identifier: GPL-2.0
/*
 * Where the RMP lies: segmented with its segment table (RST), or contiguous.
 *
 *	RMP_BASE		16 KiB of bookkeeping
 *	RMP_BASE + 16 KiB	RST: 512 entries, bits 51:20 base of a segment of
 *				the RMP, bits 19:0 GiB that it covers
 *	RMP_BASE + 1 MiB	the segments, 4 MiB for each GiB covered,
 *				unless an argument puts them elsewhere
 *
 * Sizes and layout: APM vol. 2, 15.36.3 and arch/x86/virt/svm/sev.c.
 */
#include <stdlib.h>
#include <string.h>

#include "machine.h"

#define BOOKKEEPING	0x4000ull
#define RST_SIZE	4096ull
#define SEGMENTS	0x100000ull
#define RMP_PER_REGION	(4ull << 20)
#define RMP_CFG_SEGMENTED	1ull

/* "GIB[@BASE]" behind "INDEX:"; returns what follows, or NULL. */
static const char *parse_segment(const char *spec, u64 *next_base)
{
	struct segment *s = &machine.segments[machine.nr_segments];
	char *end;
	u64 index = strtoull(spec, &end, 0);

	if (end == spec || *end != ':' || index >= MAX_SEGMENTS ||
	    machine.nr_segments == MAX_SEGMENTS)
		return NULL;
	spec = end + 1;
	s->regions = strtoull(spec, &end, 0);
	if (end == spec || !s->regions || s->regions >= 1u << 20)
		return NULL;
	s->first = index << (machine.segment_shift - REGION_SHIFT);
	s->base = *next_base;
	if (*end == '@')
		s->base = strtoull(end + 1, &end, 0);
	if (s->base & (SEGMENTS - 1))
		return NULL;
	if (s->regions > 1ull << (machine.segment_shift - REGION_SHIFT))
		s->regions = 1ull << (machine.segment_shift - REGION_SHIFT);
	*next_base = s->base + s->regions * RMP_PER_REGION;
	machine.nr_segments++;
	return end;
}

static bool parse_segments(const char *spec, u64 next_base)
{
	while ((spec = parse_segment(spec, &next_base))) {
		if (!*spec)
			return true;
		if (*spec++ != '+')
			return false;
	}
	return false;
}

/* A contiguous RMP has no table: entries follow the bookkeeping, from address 0 on. */
static void contiguous(void)
{
	struct segment *s = &machine.segments[0];
	u64 last = 0;

	for (unsigned int i = 0; i < machine.nr_segments; i++)
		if (machine.segments[i].first + machine.segments[i].regions > last)
			last = machine.segments[i].first + machine.segments[i].regions;
	*s = (struct segment){ 0, last, machine.rmp_base + BOOKKEEPING };
	machine.nr_segments = 1;
	machine.rmp_end = s->base + last * RMP_PER_REGION + SEGMENTS - BOOKKEEPING - 1;
}

/* @spec: SHIFT/INDEX:GIB[@BASE][+INDEX:GIB[@BASE]]...; @segments: 0 for the usual place. */
bool rmp_parse(const char *spec, u64 segments)
{
	char *end;
	unsigned long shift = strtoul(spec, &end, 0);

	machine.segment_shift = shift;
	if (!machine.rmp_base || machine.rmp_base & (SEGMENTS - 1)) {
		machine_error("base=%#llx is no multiple of 1 MiB above 0",
			      (unsigned long long)machine.rmp_base);
		return false;
	}
	if (*end != '/' || shift < 30 || shift > 46 ||
	    !parse_segments(end + 1, segments ?: machine.rmp_base + SEGMENTS)) {
		machine_error("bad rst=%s: want SHIFT/INDEX:GIB[@BASE][+...], shift 30 to 46, base in MiB steps",
			      spec);
		return false;
	}
	if (machine.segmented)
		machine.rmp_cfg = RMP_CFG_SEGMENTED | shift << 8;
	else
		contiguous();
	return true;
}

static bool inside(u64 spa, u64 start, u64 size)
{
	return spa - start < size;
}

/* Is it one of the RMP's own pages? */
bool rmp_own(u64 spa)
{
	if (inside(spa, machine.rmp_base, BOOKKEEPING + RST_SIZE))
		return true;
	for (unsigned int i = 0; i < machine.nr_segments; i++)
		if (inside(spa, machine.segments[i].base, machine.segments[i].regions * RMP_PER_REGION))
			return true;
	return false;
}

/* @spec: FIRST:GIB[+FIRST:GIB]... */
bool ram_parse(const char *spec)
{
	char *end = (char *)spec - 1;

	do {
		struct segment *s = &machine.ram[machine.nr_ram];

		if (machine.nr_ram++ == MAX_RAM)
			return false;
		s->first = strtoull(end + 1, &end, 0);
		if (*end != ':')
			return false;
		s->regions = strtoull(end + 1, &end, 0);
	} while (*end == '+');
	return !*end;
}

/* Is there RAM in @region? Yes, where the machine was not told. */
bool ram_at(u64 region)
{
	for (unsigned int i = 0; i < machine.nr_ram; i++)
		if (region - machine.ram[i].first < machine.ram[i].regions)
			return true;
	return !machine.nr_ram;
}

/* The firmware has done this long before a kernel runs; once is enough for all kernels. */
void rmp_write_rst(void)
{
	static bool written;
	u64 rst[MAX_SEGMENTS] = { 0 };

	if (written)
		return;
	for (unsigned int i = 0; i < machine.nr_segments; i++) {
		const struct segment *s = &machine.segments[i];

		rst[s->first >> (machine.segment_shift - REGION_SHIFT)] = s->base | s->regions;
	}
	written = physical_write(machine.rmp_base + BOOKKEEPING, rst, sizeof(rst));
	if (!written)
		machine_error("can't write the RST: is there RAM at base=%#llx?",
			      (unsigned long long)machine.rmp_base);
}

static void assign_range(u64 start, u64 end)
{
	const struct rmp_page firmware = { .assigned = true, .immutable = true };
	u64 pfn = start >> PAGE_SHIFT, last = end >> PAGE_SHIFT;

	while (pfn < last) {
		bool huge = !(pfn % PAGES_PER_BLOCK) && last - pfn >= PAGES_PER_BLOCK;

		if (rmp_covered(pfn_region(pfn)))
			rmp_set(pfn, &firmware, huge);
		pfn += huge ? PAGES_PER_BLOCK : 1;
	}
}

/* SNP_INIT makes the RMP's own pages firmware pages: nobody may convert them. */
void rmp_assign_own(void)
{
	assign_range(machine.rmp_base, machine.rmp_base + BOOKKEEPING + RST_SIZE);
	for (unsigned int i = 0; i < machine.nr_segments; i++) {
		const struct segment *s = &machine.segments[i];

		assign_range(s->base, s->base + s->regions * RMP_PER_REGION);
	}
}
