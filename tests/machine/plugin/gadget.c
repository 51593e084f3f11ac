// SPDX-License-Identifier: GPL-2.0
/*
 * What a plugin can't do itself (see regs.c), done by two bytes of the guest's
 * own kernel text that happen to be IRET, or CLI; RET.
 * Such bytes are looked for around MSR_LSTAR, the one address inside kernel
 * text that the machine learns. Alternatives and static calls patch text
 * later, so the bytes are read again at every use.
 */
#include <string.h>

#include "machine.h"

#define SPAN		(24u << 20)	/* how far from LSTAR to look */
#define CANDIDATES	32

static const u8 code[GADGETS][2] = {
	[GADGET_CLI] = { 0xfa, 0xc3 }, [GADGET_IRET] = { 0x48, 0xcf },
};

/* Under machine.lock. */
static u64 lstar;
static u64 candidates[GADGETS][CANDIDATES];
static unsigned int nr_candidates[GADGETS];

/* The kernel told where its system call entry is (again, after a kexec). */
void gadget_text(u64 address)
{
	if (address == lstar)
		return;
	lstar = address;
	for (int i = 0; i < GADGETS; i++)
		nr_candidates[i] = 0;
}

static void note(u64 vaddr, const u8 *bytes)
{
	for (int i = 0; i < GADGETS; i++)
		if (!memcmp(bytes, code[i], 2) && nr_candidates[i] < CANDIDATES)
			candidates[i][nr_candidates[i]++] = vaddr;
}

static bool enough(void)
{
	for (int i = 0; i < GADGETS; i++)
		if (nr_candidates[i] < CANDIDATES)
			return false;
	return true;
}

static void search_page(u64 page)
{
	u8 bytes[4096];

	if (!executable(page) || !memory_read(page, bytes, sizeof(bytes)))
		return;
	for (unsigned int i = 0; i < sizeof(bytes) - 1; i++)
		note(page + i, bytes + i);
}

/* Both ways: LSTAR is the start of text on some kernels, near its end on others. */
static void search(void)
{
	u64 home = lstar & ~0xfffull;

	for (int i = 0; i < GADGETS; i++)
		nr_candidates[i] = 0;
	for (u64 distance = 0; distance < SPAN && !enough(); distance += 4096) {
		search_page(home + distance);
		search_page(home - distance - 4096);
	}
}

static u64 pick(enum gadget kind)
{
	u8 bytes[2];

	for (unsigned int i = 0; i < nr_candidates[kind]; i++) {
		u64 vaddr = candidates[kind][i];

		if (memory_read(vaddr, bytes, 2) && !memcmp(bytes, code[kind], 2) && executable(vaddr))
			return vaddr;
	}
	return 0;
}

u64 gadget_find(enum gadget kind)
{
	u64 vaddr;

	machine_lock();
	vaddr = pick(kind);
	if (!vaddr && lstar) {
		search();
		vaddr = pick(kind);
	}
	machine_unlock();
	if (!vaddr)
		machine_die("no bytes %02x %02x in executable kernel text near LSTAR %#llx",
			    code[kind][0], code[kind][1], (unsigned long long)lstar);
	return vaddr;
}
