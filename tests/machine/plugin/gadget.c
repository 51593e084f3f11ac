// SPDX-License-Identifier: GPL-2.0
/*
 * CF, set by guest code.
 *
 * A plugin can't set CF itself (see regs.c), so RMPOPT ends in two bytes of
 * the guest's own kernel text that happen to be STC; RET or CLC; RET: the
 * address of the next instruction is pushed and the gadget returns to it.
 * Such bytes are looked for around MSR_LSTAR, the one address inside kernel
 * text that the machine learns. Alternatives and static calls patch text
 * later, so the bytes are read again at every use.
 */
#include "machine.h"

#define SPAN		(24u << 20)	/* how far from LSTAR to look */
#define CANDIDATES	32

static const u8 first_byte[GADGETS] = {
	[GADGET_CLC] = 0xf8, [GADGET_STC] = 0xf9, [GADGET_CLI] = 0xfa,
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
	if (bytes[1] != 0xc3)
		return;
	for (int i = 0; i < GADGETS; i++)
		if (bytes[0] == first_byte[i] && nr_candidates[i] < CANDIDATES)
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

		if (memory_read(vaddr, bytes, 2) && bytes[0] == first_byte[kind] &&
		    bytes[1] == 0xc3 && executable(vaddr))
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
		machine_die("no bytes %02x c3 in executable kernel text near LSTAR %#llx",
			    first_byte[kind], (unsigned long long)lstar);
	return vaddr;
}

void gadget_return(u64 next, bool carry)
{
	u64 gadget = gadget_find(carry ? GADGET_STC : GADGET_CLC);
	u64 rsp = reg_read(RSP) - 8;

	if (!memory_write(rsp, &next, sizeof(next)))
		machine_die("can't push onto the guest's stack at %#llx", (unsigned long long)rsp);
	reg_write(RSP, rsp);
	qemu_plugin_set_pc(gadget);
}
