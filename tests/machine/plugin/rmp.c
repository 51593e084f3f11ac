// SPDX-License-Identifier: GPL-2.0
/*
 * The RMP: who owns each page. Sparse, because hosts of several TiB are
 * modelled with a few GiB: region -> 512 blocks of 2 MiB -> 512 pages.
 *
 * Kept outside guest memory (its raw format is not architectural), except for
 * the RMP segment table, which kernels read: see rst.c; and pages.c, where it
 * is copied to the guest's memory for kernels without RMPREAD.
 */
#include <stdlib.h>
#include <string.h>

#include "machine.h"

struct block {
	u16 assigned;
	u16 used;			/* pages that are not plain hypervisor pages */
	bool huge;			/* one 2 MiB entry, described by page[0] */
	struct rmp_page page[];		/* 1 or 512 */
};

static struct region *regions[MAX_REGIONS];

static void *zalloc(size_t size)
{
	void *p = calloc(1, size);

	if (!p)
		machine_die("out of memory for the RMP");
	return p;
}

/* Is there an RMP entry for the pages of @region at all? */
bool rmp_covered(u64 region)
{
	for (unsigned int i = 0; i < machine.nr_segments; i++)
		if (region - machine.segments[i].first < machine.segments[i].regions)
			return true;
	return false;
}

struct region *rmp_region(u64 region)
{
	if (region >= MAX_REGIONS)
		return NULL;
	if (!regions[region])
		regions[region] = zalloc(sizeof(struct region));
	return regions[region];
}

bool rmp_owned(u64 region)
{
	if (region >= MAX_REGIONS || !rmp_covered(region))
		return false;
	return !regions[region] || !regions[region]->assigned;
}

/* Some page of it is not the hypervisor's. */
bool rmp_assigned(u64 region)
{
	return region < MAX_REGIONS && regions[region] && regions[region]->assigned;
}

/* Would a verify succeed? */
bool rmp_optimizable(u64 region)
{
	return rmp_owned(region) && (ram_at(region) || answer_to(Q_RAX_HOLE) == A_CF1);
}

/* A conversion makes them void. */
void rmp_forget_results(u64 region)
{
	rmp_region(region)->cached = rmp_region(region)->failed = false;
}

static struct block **slot(u64 pfn)
{
	return &rmp_region(pfn_region(pfn))->blocks[pfn / PAGES_PER_BLOCK % BLOCKS_PER_REGION];
}

static struct block *block_at(u64 pfn)
{
	u64 region = pfn_region(pfn);

	if (region >= MAX_REGIONS || !regions[region])
		return NULL;
	return *slot(pfn);
}

bool rmp_block_assigned(u64 pfn)
{
	struct block *b = block_at(pfn);

	return b && b->assigned;
}

/* False: not covered. */
bool rmp_get(u64 pfn, struct rmp_page *page, bool *huge)
{
	struct block *b = block_at(pfn);

	*page = (struct rmp_page){ 0 };
	*huge = b && b->huge;
	if (pfn >> (52 - PAGE_SHIFT) || !rmp_covered(pfn_region(pfn)))
		return false;
	if (*huge) {
		*page = b->page[0];
		page->gpa += pfn % PAGES_PER_BLOCK << PAGE_SHIFT;
	} else if (b) {
		*page = b->page[pfn % PAGES_PER_BLOCK];
	}
	return true;
}

/* Would RMPUPDATE accept this (APM vol. 3)? */
enum rmp_code rmp_check(u64 pfn, const struct rmp_page *page, bool huge)
{
	struct rmp_page old;
	struct block *b;
	bool old_huge;

	if (!rmp_get(pfn, &old, &old_huge) || (huge && pfn % PAGES_PER_BLOCK))
		return RMP_INPUT;
	if (old.immutable)
		return RMP_PERMISSION;
	b = block_at(pfn);
	if (!b || !b->assigned || huge == b->huge)
		return RMP_OK;
	return huge || page->assigned || old.assigned ? RMP_OVERLAP : RMP_OK;
}

static void account(u64 pfn, struct block *b, int pages)
{
	b->assigned += pages;
	rmp_region(pfn_region(pfn))->assigned += pages;
}

static bool used(const struct rmp_page *page)
{
	return page->assigned || page->immutable;
}

static void drop(u64 pfn)
{
	struct block **b = slot(pfn);

	if (*b)
		account(pfn, *b, -(int)(*b)->assigned);
	free(*b);
	*b = NULL;
}

static void set_huge(u64 pfn, const struct rmp_page *page)
{
	struct block **b = slot(pfn);

	drop(pfn);
	if (!page->assigned)
		return;
	*b = zalloc(sizeof(**b) + sizeof(*page));
	(*b)->huge = true;
	(*b)->page[0] = *page;
	(*b)->used = PAGES_PER_BLOCK;
	account(pfn, *b, PAGES_PER_BLOCK);
}

static void set_page(u64 pfn, const struct rmp_page *page)
{
	struct block **b = slot(pfn);
	struct rmp_page *p;

	if (!*b)
		*b = zalloc(sizeof(**b) + PAGES_PER_BLOCK * sizeof(*page));
	p = &(*b)->page[pfn % PAGES_PER_BLOCK];
	account(pfn, *b, page->assigned - p->assigned);
	(*b)->used += used(page) - used(p);
	*p = *page;
	if (!(*b)->used)
		drop(pfn);
}

/* Nobody reads it with RMPREAD there, and nobody maps the memory without a PSP. */
static void raw_copy(u64 pfn, unsigned int pages)
{
	struct rmp_page page;
	bool huge;

	while (machine.psp && pages--) {
		rmp_get(pfn, &page, &huge);
		raw_set(pfn++, &page, huge);
	}
}

/* After rmp_check() said RMP_OK. */
void rmp_set(u64 pfn, const struct rmp_page *page, bool huge)
{
	if (huge)
		set_huge(pfn, page);
	else
		set_page(pfn, page);
	raw_copy(pfn, huge ? PAGES_PER_BLOCK : 1);
}

/* One 2 MiB entry becomes 512 of 4 KiB. */
enum rmp_code rmp_smash(u64 pfn)
{
	struct rmp_page page;
	bool huge;

	if (pfn % PAGES_PER_BLOCK || !rmp_get(pfn, &page, &huge) || !huge)
		return RMP_INPUT;
	drop(pfn);
	for (unsigned int i = 0; i < PAGES_PER_BLOCK; i++, page.gpa += 1u << PAGE_SHIFT)
		set_page(pfn + i, &page);
	raw_copy(pfn, PAGES_PER_BLOCK);
	return RMP_OK;
}

/* Where a verify stops; BLOCKS_PER_REGION: nowhere. */
unsigned int rmp_first_assigned_block(u64 region)
{
	struct region *r = rmp_region(region);
	unsigned int i;

	if (!r)
		return 0;
	for (i = 0; i < BLOCKS_PER_REGION; i++)
		if (r->blocks[i] && r->blocks[i]->assigned)
			break;
	return i;
}

/* pfn of the lowest assigned page; the region has one. */
u64 rmp_lowest_assigned(u64 region)
{
	unsigned int i = rmp_first_assigned_block(region), page = 0;
	struct block *b = rmp_region(region)->blocks[i];

	while (!b->huge && !b->page[page].assigned)
		page++;
	return region * PAGES_PER_REGION + i * PAGES_PER_BLOCK + page;
}

/* Every page of @region that is not a plain hypervisor page. */
void rmp_each(u64 region, void (*visit)(const struct rmp_page *page, struct tally *tally),
	      struct tally *tally)
{
	u64 first = region * PAGES_PER_REGION;
	struct rmp_page page;
	bool huge;

	for (u64 pfn = first; regions[region] && pfn < first + PAGES_PER_REGION; pfn++) {
		if (!*slot(pfn)) {
			pfn |= PAGES_PER_BLOCK - 1;
			continue;
		}
		rmp_get(pfn, &page, &huge);
		if (used(&page))
			visit(&page, tally);
	}
}

static void wipe_block(u64 pfn)
{
	const struct rmp_page none = { 0 };

	if (!*slot(pfn) || !machine.psp)
		return;
	for (unsigned int i = 0; i < PAGES_PER_BLOCK; i++)
		raw_set(pfn + i, &none, false);
}

static void wipe_region(u64 region)
{
	for (unsigned int i = 0; i < BLOCKS_PER_REGION; i++)
		wipe_block(region * PAGES_PER_REGION + i * PAGES_PER_BLOCK);
	for (unsigned int i = 0; i < BLOCKS_PER_REGION; i++)
		free(regions[region]->blocks[i]);
	free(regions[region]);
	regions[region] = NULL;
}

void rmp_wipe(void)
{
	for (u64 region = 0; region < MAX_REGIONS; region++)
		if (regions[region])
			wipe_region(region);
}
