// SPDX-License-Identifier: GPL-2.0
/*
 * Page states as the firmware's interface names them, how many pages are in
 * which, and the raw RMP in the guest's memory.
 */
#include <string.h>

#include "psp.h"

/*
 * The raw format is not architectural: this is Zen 3's and 4's, as kernels
 * without RMPREAD read it (arch/x86/virt/svm/sev.c, struct rmpentry_raw).
 */
#define RAW_ASSIGNED	(1ull << 0)
#define RAW_HUGE	(1ull << 1)
#define RAW_IMMUTABLE	(1ull << 2)
#define RAW_GPA		0x0007fffffffff000ull
#define RAW_ASID_SHIFT	51
#define RAW_VMSA	(1ull << 61)
#define RAW_VALIDATED	(1ull << 62)
#define RAW_SIZE	16u

enum machine_page_state page_state(const struct rmp_page *page)
{
	if (!page->assigned)
		return page->immutable ? MACHINE_PAGE_HV_FIXED : MACHINE_PAGE_HYPERVISOR;
	if (page->asid) {
		if (page->immutable)
			return MACHINE_PAGE_PRE_GUEST;
		return page->validated ? MACHINE_PAGE_GUEST : MACHINE_PAGE_UNVALIDATED;
	}
	if (!page->immutable)
		return MACHINE_PAGE_RECLAIM;
	return page->vmsa ? MACHINE_PAGE_CONTEXT : MACHINE_PAGE_FIRMWARE;
}

struct tally {
	enum machine_page_state state;
	u64 gpa, size, pages, asid;
};

static void tally_state(const struct rmp_page *page, struct tally *tally)
{
	tally->pages += page_state(page) == tally->state;
}

static void tally_gpa(const struct rmp_page *page, struct tally *tally)
{
	if (!page->assigned || !page->asid || page->gpa - tally->gpa >= tally->size)
		return;
	tally->pages++;
	tally->asid = page->asid;
}

/* @region: MACHINE_ALL for all; how many pages are in @state there. Not for hypervisor pages. */
u64 pages_in_state(u64 region, enum machine_page_state state)
{
	struct tally tally = { .state = state };

	for (u64 i = 0; i < MAX_REGIONS; i++)
		if (region == MACHINE_ALL || region == i)
			rmp_each(i, tally_state, &tally);
	return tally.pages;
}

/* Guests' pages of @region at guest addresses from @gpa on; @asid is that of one of them. */
u64 pages_of_guest(u64 region, u64 gpa, u64 size, u64 *asid)
{
	struct tally tally = { .gpa = gpa, .size = size };

	rmp_each(region, tally_gpa, &tally);
	*asid = tally.asid;
	return tally.pages;
}

static u8 *raw_entry(u64 pfn)
{
	for (unsigned int i = 0; i < machine.nr_segments; i++) {
		const struct segment *s = &machine.segments[i];
		u64 index = pfn - s->first * PAGES_PER_REGION;

		if (pfn_region(pfn) - s->first < s->regions)
			return dma_address(s->base + index * RAW_SIZE, RAW_SIZE);
	}
	return NULL;
}

/* Nobody reads it with RMPREAD there, and nobody maps the memory without a PSP. */
void raw_set(u64 pfn, const struct rmp_page *page, bool huge)
{
	u64 low = 0;
	u8 *entry;

	if (!machine.psp)
		return;
	entry = raw_entry(pfn);
	if (!entry)
		return;
	if (page->assigned)
		low |= RAW_ASSIGNED;
	if (page->immutable)
		low |= RAW_IMMUTABLE;
	if (page->vmsa)
		low |= RAW_VMSA;
	if (page->validated)
		low |= RAW_VALIDATED;
	if (huge)
		low |= RAW_HUGE;
	low |= (page->gpa & RAW_GPA) | (u64)page->asid << RAW_ASID_SHIFT;
	memcpy(entry, &low, sizeof(low));
}
