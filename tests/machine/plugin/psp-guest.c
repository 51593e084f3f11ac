// SPDX-License-Identifier: GPL-2.0
/*
 * Commands that concern guests and their pages.
 *
 * A page that the firmware changes drops its region from all tables, as one
 * that RMPUPDATE changes [I]: only that assigned pages do is stated.
 */
#include <string.h>

#include "psp.h"

enum {
	SNP_DECOMMISSION = 0x90, SNP_ACTIVATE = 0x91, SNP_GCTX_CREATE = 0x93,
	SNP_LAUNCH_START = 0xa0, SNP_LAUNCH_UPDATE = 0xa1, SNP_LAUNCH_FINISH = 0xa2,
	SNP_PAGE_RECLAIM = 0xc7,
};

#define MAX_GUESTS	1024u
#define MAX_ASID	1024u
#define PAGE		(~((1ull << PAGE_SHIFT) - 1) & 0x0007ffffffffffffull)	/* no C-bit */

struct activate {
	u64 context;
	u32 asid;
} __attribute__((packed));

struct launch_update {
	u64 context;
	u32 flags, reserved;		/* bit 0: 2 MiB, bits 3:1: kind of page */
	u64 address;
};

#define UPDATE_HUGE	1u

enum guest_state { CREATED, LAUNCHING, RUNNING };

static struct guest {
	u64 context;			/* address of its page; 0: free */
	u32 asid;
	enum guest_state state;
} guests[MAX_GUESTS];

static bool dirty[MAX_ASID];		/* used, caches not flushed since */

enum machine_page_state psp_page_state(u64 address)
{
	struct rmp_page page;
	bool huge;

	rmp_get((address & PAGE) >> PAGE_SHIFT, &page, &huge);
	return page_state(&page);
}

void psp_page_become(u64 address, enum machine_page_state state, u64 gpa, u32 asid)
{
	const struct rmp_page page = {
		.gpa = gpa, .asid = asid,
		.assigned = state != MACHINE_PAGE_HYPERVISOR,
		.immutable = state == MACHINE_PAGE_FIRMWARE || state == MACHINE_PAGE_CONTEXT,
		.vmsa = state == MACHINE_PAGE_CONTEXT,
		.validated = state == MACHINE_PAGE_GUEST,
	};

	update_by_firmware((address & PAGE) >> PAGE_SHIFT, &page);
}

void psp_guests_forget(void)
{
	memset(guests, 0, sizeof(guests));
	memset(dirty, 0, sizeof(dirty));
}

void psp_guests_flush(void)
{
	memset(dirty, 0, sizeof(dirty));
}

bool psp_guests_dirty(void)
{
	return memchr(dirty, true, sizeof(dirty));
}

unsigned int psp_guests(void)
{
	unsigned int n = 0;

	for (unsigned int i = 0; i < MAX_GUESTS; i++)
		n += !!guests[i].context;
	return n;
}

static struct guest *find(u64 context)
{
	for (unsigned int i = 0; i < MAX_GUESTS; i++)
		if (guests[i].context == context)
			return &guests[i];
	return NULL;
}

/* All these commands begin with the address of the guest's context; NULL: no such guest. */
static struct guest *guest_of(const void *buffer)
{
	u64 context = buffer ? *(const u64 *)buffer & PAGE : 0;

	return context && machine.init_done ? find(context) : NULL;
}

static enum psp_status create(void *buffer)
{
	struct guest *guest = find(0);
	u64 context;

	if (!machine.init_done)
		return PSP_PLATFORM_STATE;
	if (!buffer)
		return PSP_ADDRESS;
	if (!guest)
		return PSP_RESOURCE_LIMIT;
	context = *(u64 *)buffer & PAGE;
	if (psp_page_state(context) != MACHINE_PAGE_FIRMWARE)
		return PSP_PAGE_STATE;
	psp_page_become(context, MACHINE_PAGE_CONTEXT, 0, 0);
	*guest = (struct guest){ .context = context };
	return PSP_OK;
}

static enum psp_status launch_start(void *buffer)
{
	struct guest *guest = guest_of(buffer);

	if (!guest)
		return PSP_INVALID_GUEST;
	if (guest->state != CREATED)
		return PSP_GUEST_STATE;
	guest->state = LAUNCHING;
	return PSP_OK;
}

static enum psp_status activate(void *buffer)
{
	const struct activate *request = buffer;
	struct guest *guest = guest_of(buffer);

	if (!guest)
		return PSP_INVALID_GUEST;
	if (!request->asid || request->asid >= MAX_ASID)
		return PSP_ASID;
	for (unsigned int i = 0; i < MAX_GUESTS; i++)
		if (guests[i].context && guests[i].asid == request->asid)
			return PSP_ASID_OWNED;
	if (dirty[request->asid])
		return PSP_DFFLUSH_REQUIRED;
	guest->asid = request->asid;
	return PSP_OK;
}

/* The page's content is nobody's business here: no guest ever runs. */
static enum psp_status launch_update(void *buffer)
{
	const struct launch_update *update = buffer;
	struct guest *guest = guest_of(buffer);
	struct rmp_page page;
	bool huge;

	if (!guest)
		return PSP_INVALID_GUEST;
	if (guest->state != LAUNCHING || !guest->asid)
		return PSP_GUEST_STATE;
	rmp_get((update->address & PAGE) >> PAGE_SHIFT, &page, &huge);
	if (page_state(&page) != MACHINE_PAGE_PRE_GUEST || huge || update->flags & UPDATE_HUGE)
		return PSP_PAGE_STATE;
	if (page.asid != guest->asid)
		return PSP_PAGE_OWNER;
	psp_page_become(update->address, MACHINE_PAGE_GUEST, page.gpa, page.asid);
	return PSP_OK;
}

static enum psp_status launch_finish(void *buffer)
{
	struct guest *guest = guest_of(buffer);

	if (!guest)
		return PSP_INVALID_GUEST;
	if (guest->state != LAUNCHING)
		return PSP_GUEST_STATE;
	guest->state = RUNNING;
	return PSP_OK;
}

/* Its memory may outlive it: nothing happens to the pages. */
static enum psp_status decommission(void *buffer)
{
	struct guest *guest = guest_of(buffer);

	if (!guest)
		return PSP_INVALID_GUEST;
	psp_page_become(guest->context, MACHINE_PAGE_FIRMWARE, 0, 0);
	dirty[guest->asid] = guest->asid;
	*guest = (struct guest){ 0 };
	return PSP_OK;
}

static enum psp_status reclaim(void *buffer)
{
	u64 address;

	if (!machine.init_done)
		return PSP_PLATFORM_STATE;
	if (!buffer)
		return PSP_ADDRESS;
	address = *(u64 *)buffer & PAGE;
	switch (psp_page_state(address)) {
	case MACHINE_PAGE_FIRMWARE:
	case MACHINE_PAGE_PRE_GUEST:
		psp_page_become(address, MACHINE_PAGE_RECLAIM, 0, 0);
		return PSP_OK;
	case MACHINE_PAGE_RECLAIM:
		return PSP_OK;
	default:
		return PSP_PAGE_STATE;
	}
}

psp_command psp_guest_command(unsigned int command)
{
	switch (command) {
	case SNP_GCTX_CREATE:
		return create;
	case SNP_LAUNCH_START:
		return launch_start;
	case SNP_ACTIVATE:
		return activate;
	case SNP_LAUNCH_UPDATE:
		return launch_update;
	case SNP_LAUNCH_FINISH:
		return launch_finish;
	case SNP_DECOMMISSION:
		return decommission;
	case SNP_PAGE_RECLAIM:
		return reclaim;
	}
	return NULL;
}
