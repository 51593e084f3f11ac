// SPDX-License-Identifier: GPL-2.0
/*
 * Registers and memory of the vCPU that executes a callback.
 *
 * eflags may be read but never written: TCG keeps the flags elsewhere while it
 * runs, and a written copy leaks into the flags that later interrupts push.
 */
#include <string.h>

#include "machine.h"

static const char *const reg_names[REGS] = {
	[RAX] = "rax", [RBX] = "rbx", [RCX] = "rcx", [RDX] = "rdx", [RSP] = "rsp",
	[RIP] = "rip", [EFLAGS] = "eflags", [CS] = "cs", [SS] = "ss",
	[CR0] = "cr0", [CR3] = "cr3", [CR4] = "cr4",
};

static struct qemu_plugin_register *handles[REGS];

/* One buffer per thread, kept: a jump back to the guest could not free it. */
static GByteArray *buffer(void)
{
	static __thread GByteArray *array;

	if (!array)
		array = g_byte_array_new();
	return g_byte_array_set_size(array, 0);
}

static struct qemu_plugin_register *reg_find(GArray *all, const char *name)
{
	for (guint i = 0; i < all->len; i++) {
		struct plugin_reg_descriptor *d = &g_array_index(all, struct plugin_reg_descriptor, i);

		if (!strcmp(d->name, name))
			return d->handle;
	}
	machine_die("this QEMU has no register %s for plugins", name);
}

/* All vCPUs are of one kind, so the handles of the first one do for all. */
void regs_find(void)
{
	GArray *all;

	if (handles[RAX])
		return;
	all = qemu_plugin_get_registers();
	for (int i = REGS - 1; i >= 0; i--)
		handles[i] = reg_find(all, reg_names[i]);
	g_array_free(all, TRUE);
}

u64 reg_read(enum reg reg)
{
	GByteArray *array = buffer();
	u64 value = 0;

	if (!qemu_plugin_read_register(handles[reg], array))
		machine_die("can't read register %s", reg_names[reg]);
	memcpy(&value, array->data, array->len < 8 ? array->len : 8);
	return value;
}

void reg_write(enum reg reg, u64 value)
{
	GByteArray *array = g_byte_array_append(buffer(), (const guint8 *)&value, 8);

	if (!qemu_plugin_write_register(handles[reg], array))
		machine_die("can't write register %s", reg_names[reg]);
}

bool memory_read(u64 vaddr, void *buf, size_t len)
{
	GByteArray *array = buffer();

	if (!qemu_plugin_read_memory_vaddr(vaddr, array, len) || array->len < len)
		return false;
	memcpy(buf, array->data, len);
	return true;
}

bool memory_write(u64 vaddr, const void *buf, size_t len)
{
	return qemu_plugin_write_memory_vaddr(vaddr, g_byte_array_append(buffer(), buf, len));
}

bool physical_read(u64 addr, void *buf, size_t len)
{
	GByteArray *array = buffer();

	if (qemu_plugin_read_memory_hwaddr(addr, array, len) || array->len < len)
		return false;
	memcpy(buf, array->data, len);
	return true;
}

bool physical_write(u64 addr, const void *buf, size_t len)
{
	return !qemu_plugin_write_memory_hwaddr(addr, g_byte_array_append(buffer(), buf, len));
}

/*
 * Walk the guest's page tables (APM vol. 2, 5.3): is @vaddr mapped for kernel
 * execution? Needed because bytes that look like code may lie in NX data.
 */
bool executable(u64 vaddr)
{
	const u64 address = 0x000ffffffffff000ull, nx = 1ull << 63;
	int level = reg_read(CR4) & (1u << 12) ? 5 : 4;
	u64 table = reg_read(CR3) & address;

	for (; level >= 1; level--) {
		unsigned int shift = 12 + 9 * (level - 1);
		u64 entry;

		if (!physical_read(table + ((vaddr >> shift) & 511) * 8, &entry, 8))
			return false;
		if (!(entry & 1) || entry & nx)
			return false;
		if (level <= 3 && entry & (1u << 7))
			return true;
		table = entry & address;
	}
	return true;
}
