// SPDX-License-Identifier: GPL-2.0
/*
 * The guest's memory, shared by file descriptors: what the PSP reads and writes,
 * and where the raw RMP lies that a kernel without RMPREAD looks at.
 */
#include <sys/mman.h>
#include <sys/stat.h>

#include "psp.h"

#define MAX_FILES	64u
#define MAX_RANGES	256u
#define C_BIT		(1ull << 51)		/* as CPUID 8000_001F has it */

static struct {
	ino_t inode;
	u8 *at;
	u64 size;
} files[MAX_FILES];

static struct {
	u64 address, size;
	u8 *at;
} ranges[MAX_RANGES];

static unsigned int nr_files, nr_ranges;

/* Every file is mapped once and whole. */
static u8 *map_file(int fd, u64 *size)
{
	struct stat st;
	void *at;

	if (fstat(fd, &st))
		return NULL;
	*size = st.st_size;
	for (unsigned int i = 0; i < nr_files; i++)
		if (files[i].inode == st.st_ino)
			return files[i].at;
	if (nr_files == MAX_FILES)
		return NULL;
	at = mmap(NULL, *size, PROT_READ | PROT_WRITE, MAP_SHARED, fd, 0);
	if (at == MAP_FAILED)
		return NULL;
	files[nr_files].inode = st.st_ino;
	files[nr_files].size = *size;
	files[nr_files].at = at;
	nr_files++;
	return at;
}

/* @size bytes at @offset of the file are the guest's memory at @address. */
bool dma_map(int fd, u64 offset, u64 address, u64 size)
{
	u64 length;
	u8 *at = map_file(fd, &length);
	unsigned int i;

	if (!at || offset > length || size > length - offset) {
		machine_error("psp: can't map the guest's memory at %#llx", (unsigned long long)address);
		return false;
	}
	for (i = 0; i < nr_ranges; i++)
		if (ranges[i].address == address && ranges[i].size == size)
			break;
	if (i == MAX_RANGES) {
		machine_error("psp: the guest's memory has more than %u parts", MAX_RANGES);
		return false;
	}
	ranges[i].address = address;
	ranges[i].size = size;
	ranges[i].at = at + offset;
	nr_ranges += i == nr_ranges;
	return true;
}

/* NULL: no memory of the guest's, or not in one piece. The newest mapping counts. */
void *dma_address(u64 address, u64 size)
{
	address &= ~C_BIT;
	for (unsigned int i = nr_ranges; i-- > 0;)
		if (address - ranges[i].address < ranges[i].size &&
		    size <= ranges[i].size - (address - ranges[i].address))
			return ranges[i].at + (address - ranges[i].address);
	return NULL;
}
