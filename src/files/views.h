/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Views: the files in debugfs, one record per line.
 */
#ifndef RMPOPT_VIEWS_H
#define RMPOPT_VIEWS_H

#include <linux/types.h>

struct seq_file;
struct view_reader;

/**
 * struct view - a file that shows a table
 * @name: its name
 * @header: its first line, without "# "
 * @has: is there a record of this number? They begin at 0
 * @show: print a record, or nothing; an errno ends the read
 * @size: size of a reader's memory between records, zeroed at the start
 * @init: called when the file is opened; may be NULL
 * @release: called when it is closed; may be NULL
 */
struct view {
	const char *name;
	const char *header;
	bool (*has)(const struct view_reader *reader, u32 i);
	int (*show)(struct seq_file *seq, struct view_reader *reader, u32 i);
	size_t size;
	void (*init)(struct view_reader *reader);
	void (*release)(struct view_reader *reader);
};

/**
 * struct view_reader - an open file
 * @view: which
 * @shown: number + 1 of the record in @memory; 0: none. If a line does not fit
 *	in the buffer of a read(2), it is shown again, but must not be read
 *	again
 * @memory: the view's own
 */
struct view_reader {
	const struct view *view;
	u32 shown;
	unsigned long memory[];
};

struct inode;
struct file;
int view_open(struct inode *inode, struct file *file);
int view_release(struct inode *inode, struct file *file);

extern const struct view table_view;
extern const struct view rmp_view;
extern const struct view rmp_region_view;
extern const struct file_operations rmp_region_fops;

void views_start(void);
void views_stop(void);

#endif /* RMPOPT_VIEWS_H */
