// SPDX-License-Identifier: GPL-2.0
/* Memory that is freed all at once: at the end, or after each update of watch. */
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "ctl.h"

struct block {
	struct block *next;
	max_align_t memory[];
};

static struct block *blocks;

static void *no_memory(void)
{
	fputs("rmpoptctl: not enough memory\n", stderr);
	exit(CTL_FAILED);
}

/* Zeroed memory; never NULL. */
void *arena_get(size_t size)
{
	struct block *block = NULL;

	if (size < SIZE_MAX - sizeof(*block))
		block = calloc(1, sizeof(*block) + size);
	if (!block)
		return no_memory();
	block->next = blocks;
	blocks = block;
	return block->memory;
}

/* A larger copy; the old one stays until arena_clear(). */
void *arena_grow(void *old, size_t old_size, size_t size)
{
	void *new = arena_get(size);

	if (old_size)
		memcpy(new, old, old_size);
	return new;
}

char *arena_copy(const char *text)
{
	size_t size = strlen(text) + 1;

	return memcpy(arena_get(size), text, size);
}

char *vformat(const char *fmt, va_list args)
{
	va_list again;
	char *text;
	int length;

	va_copy(again, args);
	length = vsnprintf(NULL, 0, fmt, again);
	va_end(again);
	if (length < 0)
		return no_memory();
	text = arena_get(length + 1);
	vsnprintf(text, length + 1, fmt, args);
	return text;
}

char *format(const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = vformat(fmt, args);
	va_end(args);
	return text;
}

void arena_clear(void)
{
	struct block *block;

	while ((block = blocks)) {
		blocks = block->next;
		free(block);
	}
}
