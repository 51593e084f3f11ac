// SPDX-License-Identifier: GPL-2.0
/*
 * madt CPUS > apic.aml
 *
 * The table of a q35 with so many CPUs, every one of them enabled, whether QEMU
 * has it or not: Linux on bare metal makes no room for others. "maxcpus=" keeps
 * it from looking for them.
 * Formats: ACPI 6.5, 5.2.12; the interrupts are those of QEMU's own table.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define HEADER		44	/* ACPI header, address of the local APICs, flags */
#define X2APIC_FROM	255	/* the first APIC id that wants 32 bits */

static uint8_t table[HEADER + 1024 * 16 + 128];
static size_t size = HEADER;

static void put(size_t at, uint32_t value)
{
	memcpy(table + at, &value, 4);
}

static void add(const uint8_t *entry, size_t length)
{
	memcpy(table + size, entry, length);
	size += length;
}

static void add_cpu(uint32_t id)
{
	const uint8_t small[8] = { 0, 8, id, id, 1 };

	if (id < X2APIC_FROM) {
		add(small, sizeof(small));
		return;
	}
	table[size] = 9;
	table[size + 1] = 16;
	put(size + 4, id);
	put(size + 8, 1);
	put(size + 12, id);
	size += 16;
}

/* An interrupt of the ISA bus: 13 is high and level-triggered. */
static void add_override(uint8_t irq, uint8_t gsi, uint8_t flags)
{
	const uint8_t entry[10] = { 2, 10, 0, irq, gsi, 0, 0, 0, flags };

	add(entry, sizeof(entry));
}

static void add_interrupts(void)
{
	static const uint8_t ioapic[12] = { 1, 12, 0, 0, 0, 0, 0xc0, 0xfe };
	static const uint8_t nmi[12] = { 10, 12, 0, 0, 0xff, 0xff, 0xff, 0xff, 1 };

	add(ioapic, sizeof(ioapic));
	add_override(0, 2, 0);
	add_override(5, 5, 13);
	add_override(9, 9, 13);
	add_override(10, 10, 13);
	add_override(11, 11, 13);
	add(nmi, sizeof(nmi));
}

/* Linux takes it instead of QEMU's if the ids are the same and the revision is higher. */
static void add_header(void)
{
	memcpy(table, "APIC\0\0\0\0\3\0BOCHS BXPC    ", 26);
	put(24, 2);
	memcpy(table + 28, "BXPC", 4);
	put(32, 1);
	put(36, 0xfee00000);
	put(40, 1);
}

int main(int argc, char **argv)
{
	unsigned int id, cpus = argc == 2 ? atoi(argv[1]) : 0;
	uint8_t sum = 0;
	size_t i;

	if (!cpus || cpus > 1024) {
		fputs("usage: madt CPUS > apic.aml\n", stderr);
		return 2;
	}
	add_header();
	for (id = 0; id < cpus; id++)
		add_cpu(id);
	add_interrupts();
	put(4, size);
	for (i = 0; i < size; i++)
		sum += table[i];
	table[9] = -sum;
	return fwrite(table, size, 1, stdout) != 1;
}
