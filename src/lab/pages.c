// SPDX-License-Identifier: GPL-2.0
/*
 * Pages for conversions: allocated here, assigned like a guest's page by the
 * kernel's own functions, and taken back before they are freed. These functions
 * also split the direct map, as a write to any part of a large mapping with an
 * assigned page in it would fault.
 *
 * A page that can't be taken back is never freed: its next owner would fault.
 *
 * RMPUPDATE is #UD while SnpEn is clear, and the kernel's functions neither ask
 * for that nor survive it, so it is asked here, right before each of them. An
 * SNP shutdown can still come between. Nothing exported locks it out; but
 * the one that comes with the end of kvm_amd does not happen while a process
 * has /dev/kvm open, as rmpoptctl has. What is left is a shutdown by an ioctl
 * of /dev/sev within that microsecond, or, at the first conversion of a page,
 * while the direct map is split.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/gfp.h>
#include <linux/io.h>
#include <linux/list.h>
#include <linux/mm.h>
#include <linux/mmzone.h>
#include <linux/nodemask.h>
#include <linux/numa.h>
#include <linux/printk.h>
#include <linux/sched/signal.h>
#include <linux/slab.h>
#include <linux/uaccess.h>
#include <asm/msr.h>
#include <asm/pgtable_types.h>
#include <asm/sev.h>
#include <asm/tsc.h>

#include "host/compat.h"
#include "host/host.h"
#include "host/hw.h"
#include "lab.h"

/* Guest physical address of the pages: no guest ever uses it. */
#define GPA		0u

/* How many may be allocated in search of one: 4 GiB. */
#define MAX_TRIES	1048576u

/**
 * struct held - a page that the laboratory holds
 * @list: in pages
 * @page: the page
 * @private: it is assigned
 * @split: it was assigned before, so the direct map is split
 */
struct held {
	struct list_head list;
	struct page *page;
	bool private;
	bool split;
};

/* Under the mutex of ioctls, as everything here. */
static LIST_HEAD(pages);
static unsigned int nr_pages;

static struct held *find(u64 spa)
{
	struct held *held;

	list_for_each_entry(held, &pages, list)
		if (page_to_phys(held->page) == spa)
			return held;
	return NULL;
}

/*
 * The highest ASID of SNP guests: KVM uses the lowest free one, so this is the
 * last to be used. Even if a guest has it, a page which that guest has not
 * validated and which is not in its nested page tables does not affect it.
 * CPUID Fn8000_001F EDX is the lowest ASID of guests without SEV-ES and SNP.
 * [S]
 */
static u32 asid(void)
{
	return cpuid_edx(HW_CPUID_SEV) - 1;
}

static int turn_over(struct held *held)
{
	int ret = rmp_make_private(page_to_pfn(held->page), GPA, PG_LEVEL_4K,
				   asid(), false);

	if (ret)
		return ret;
	held->private = true;
	held->split = true;
	return 0;
}

/*
 * Firmware clears SnpEn, on all CPUs. [S] No RMP check is made from then on,
 * so the page is like any other; and the kernel clears the RMP before it sets
 * SnpEn again. A page that was held all that time is the hypervisor's then, and
 * to take it back once more changes nothing.
 */
static int take_back(struct held *held)
{
	int ret = 0;

	if (hw_snp_enabled())
		ret = rmp_make_shared(page_to_pfn(held->page), PG_LEVEL_4K);

	if (!ret)
		held->private = false;
	return ret;
}

/**
 * page_convert - assign a page, or take it back
 * @spa: its system physical address
 * @private: true to assign it
 *
 * Return: 0; -ENOENT the laboratory does not hold the page; -EALREADY nothing
 * to do; -ENODEV SnpEn is clear; or the errno of the kernel's function.
 */
int page_convert(u64 spa, bool private)
{
	struct held *held = find(spa);

	if (!held)
		return -ENOENT;
	if (held->private == private)
		return -EALREADY;
	if (!hw_snp_enabled())
		return -ENODEV;
	return private ? turn_over(held) : take_back(held);
}

/**
 * page_can_be_raced - can a page be assigned without sleeping?
 * @spa: its system physical address
 *
 * True if the direct map is split already.
 */
bool page_can_be_raced(u64 spa)
{
	struct held *held = find(spa);

	return held && held->split && !held->private;
}

/*
 * Pages of other regions are kept until the end, or they would be allocated
 * again.
 */
static struct page *search(struct lab_take *take, struct list_head *misses)
{
	struct page *page;
	u32 i;

	for (i = 0; i < take->tries; i++) {
		page = alloc_pages_node(take->node, GFP_KERNEL | __GFP_NOWARN |
					__GFP_NORETRY, 0);
		if (!page)
			return ERR_PTR(-ENOMEM);
		if (page_to_phys(page) >> HW_REGION_SHIFT == take->region)
			return page;
		list_add(&page->lru, misses);
		if (fatal_signal_pending(current))
			return ERR_PTR(-EINTR);
		give_way();
	}
	return ERR_PTR(-ENOENT);
}

static struct page *find_in_region(struct lab_take *take)
{
	struct page *found, *page, *next;
	LIST_HEAD(misses);

	found = search(take, &misses);
	list_for_each_entry_safe(page, next, &misses, lru) {
		list_del(&page->lru);
		__free_page(page);
		give_way();
	}
	return found;
}

static int take_page(struct lab_take *take)
{
	struct held *held;

	if (nr_pages == LAB_MAX_PAGES)
		return -ENOSPC;
	held = kvcalloc(1, sizeof(*held), GFP_KERNEL);
	if (!held)
		return -ENOMEM;
	held->page = find_in_region(take);
	if (IS_ERR(held->page)) {
		int ret = PTR_ERR(held->page);

		kvfree(held);
		return ret;
	}
	list_add(&held->list, &pages);
	nr_pages++;
	take->page = page_to_phys(held->page);
	return 0;
}

static bool take_is_sane(const struct lab_take *take)
{
	return !take->pad && take->tries && take->tries <= MAX_TRIES &&
	       (take->node == NUMA_NO_NODE ||
		(take->node >= 0 && take->node < MAX_NUMNODES &&
		 node_state(take->node, N_MEMORY)));
}

/**
 * take_ioctl - LAB_TAKE
 * @user: its argument
 */
long take_ioctl(struct lab_take __user *user)
{
	struct lab_take take;
	int ret;

	if (lab_beside())
		return -EPERM;
	if (copy_from_user(&take, user, sizeof(take)))
		return -EFAULT;
	if (!take_is_sane(&take))
		return -EINVAL;
	ret = take_page(&take);
	if (ret)
		return ret;
	/* If this fails, the page is still held until the file is closed. */
	return copy_to_user(user, &take, sizeof(take)) ? -EFAULT : 0;
}

/*
 * Not between snp_prepare() and SNP_INIT either: what RMPUPDATE does there is
 * not public. [?] And the host must have an ASID for SNP guests.
 */
static bool can_assign(void)
{
	return host_snp(true, NULL) != HOST_SNP_OFF && (s32)asid() > 0;
}

/**
 * convert_ioctl - LAB_CONVERT
 * @user: its argument
 */
long convert_ioctl(struct lab_convert __user *user)
{
	struct lab_convert convert;

	if (copy_from_user(&convert, user, sizeof(convert)))
		return -EFAULT;
	if (convert.private > 1)
		return -EINVAL;
	if (convert.private && !can_assign())
		return -ENODEV;
	convert.begin = rdtsc_ordered();
	convert.error = page_convert(convert.page, convert.private);
	convert.end = rdtsc_ordered();
	if (convert.error == -ENOENT || convert.error == -EALREADY ||
	    convert.error == -ENODEV)
		return convert.error;
	return copy_to_user(user, &convert, sizeof(convert)) ? -EFAULT : 0;
}

/**
 * pages_give_all - take all pages back and free them
 */
void pages_give_all(void)
{
	struct held *held, *next;

	list_for_each_entry_safe(held, next, &pages, list) {
		if (held->private && take_back(held))
			pr_err("page 0x%llx can't be taken back and is lost until the next boot\n",
			       (u64)page_to_phys(held->page));
		else
			__free_page(held->page);
		list_del(&held->list);
		kvfree(held);
	}
	nr_pages = 0;
}
