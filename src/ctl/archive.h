/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Files that are collected first, then written as a tar or a directory: all of
 * them, or nothing.
 */
#ifndef RMPOPTCTL_ARCHIVE_H
#define RMPOPTCTL_ARCHIVE_H

#include "ctl.h"

/**
 * struct kept - a file
 * @next: the next one
 * @path: absolute, in the tree
 * @bytes: its contents
 * @size: how many bytes
 */
struct kept {
	struct kept *next;
	const char *path;
	const char *bytes;
	size_t size;
};

bool archive_is_stdout(const char *to);
bool archive_is_folder(const char *to);
const char *archive_refused(const char *to);
const char *archive_write_all(const char *to, const struct kept *files);

#endif /* RMPOPTCTL_ARCHIVE_H */
