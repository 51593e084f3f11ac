// SPDX-License-Identifier: GPL-2.0
/*
 * ivrs MEMORY-DUMP > ivrs.aml
 *
 * Find the IVRS table that QEMU's firmware put into guest memory, and write a
 * copy of it whose IOMMU supports SNP. Linux takes a copy that it finds in the
 * initramfs instead of the original if its OEM revision is higher, and asks
 * nothing else about SNP: "IVRS value wins over MMIO".
 *
 * QEMU lists PCI devices one by one; the first entry of each block becomes
 * "all devices" (type 1), so the copy doesn't depend on what is plugged in.
 * Formats: AMD's IOMMU specification (48882), I/O virtualization ACPI table.
 */
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define TABLE_HEADER	48	/* ACPI header, IVinfo, reserved */
#define BLOCK_HEADER	24	/* type 0x10; 0x11 and 0x40 have EFR images behind it */
#define EFR_SNP		(1ull << 63)

static uint32_t get32(const uint8_t *p)
{
	uint32_t v;

	memcpy(&v, p, 4);
	return v;
}

static int sum(const uint8_t *p, size_t len)
{
	uint8_t s = 0;

	while (len--)
		s += *p++;
	return s;
}

static uint8_t *read_all(const char *path, size_t *size)
{
	FILE *file = fopen(path, "rb");
	uint8_t *data;

	if (!file || fseek(file, 0, SEEK_END))
		return NULL;
	*size = ftell(file);
	rewind(file);
	data = malloc(*size + 1);
	if (data && fread(data, 1, *size, file) != *size)
		data = NULL;
	fclose(file);
	return data;
}

/* Tables start at multiples of 16 at least; a valid checksum tells one from stray letters. */
static uint8_t *find(uint8_t *data, size_t size)
{
	for (size_t i = 0; i + TABLE_HEADER < size; i++) {
		uint32_t length;

		if (memcmp(data + i, "IVRS", 4))
			continue;
		length = get32(data + i + 4);
		if (length >= TABLE_HEADER && length < 1 << 16 && i + length <= size &&
		    !sum(data + i, length))
			return data + i;
	}
	return NULL;
}

/* Returns the number of blocks with an EFR image; -1: malformed. */
static int change_blocks(uint8_t *table, uint32_t length)
{
	int images = 0;

	for (uint32_t at = TABLE_HEADER; at + BLOCK_HEADER <= length;) {
		uint8_t *block = table + at;
		uint16_t size = block[2] | block[3] << 8;
		uint32_t entries = block[0] == 0x10 ? BLOCK_HEADER : BLOCK_HEADER + 16;
		uint64_t efr;

		if (size < entries || at + size > length)
			return -1;
		if (block[0] == 0x11 || block[0] == 0x40) {
			memcpy(&efr, block + BLOCK_HEADER, 8);
			efr |= EFR_SNP;
			memcpy(block + BLOCK_HEADER, &efr, 8);
			images++;
		}
		if ((block[0] == 0x10 || block[0] == 0x11) && size >= entries + 4) {
			block[entries] = 1;
			block[entries + 1] = block[entries + 2] = 0;
		}
		at += size;
	}
	return images;
}

static void seal(uint8_t *table, uint32_t length)
{
	uint32_t revision = get32(table + 24) + 1;

	memcpy(table + 24, &revision, 4);
	table[9] = 0;
	table[9] = -sum(table, length);
}

int main(int argc, char **argv)
{
	uint8_t *data, *table;
	uint32_t length;
	size_t size;

	if (argc != 2) {
		fprintf(stderr, "usage: ivrs MEMORY-DUMP > ivrs.aml\n");
		return 2;
	}
	data = read_all(argv[1], &size);
	if (!data) {
		perror(argv[1]);
		return 2;
	}
	table = find(data, size);
	if (!table) {
		fprintf(stderr, "ivrs: no IVRS table in %s\n", argv[1]);
		return 1;
	}
	length = get32(table + 4);
	if (change_blocks(table, length) < 1) {
		fprintf(stderr, "ivrs: the IVRS table has no block with an EFR image (type 0x11)\n");
		return 2;
	}
	seal(table, length);
	return fwrite(table, 1, length, stdout) == length && !fflush(stdout) ? 0 : 2;
}
