/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DOC: rmpoptctl
 *
 * Each run executes one command: it reads files, prints something, and ends.
 * Memory is freed at the end, all at once (arena.c).
 *
 * Everything that is read goes through file.c and hw.c, which stay below the directory
 * of --sysroot. A saved tree holds what the live files said; CPUID and
 * MSRs, which are no text there, are lines in SAVED_CPUID and SAVED_MSR.
 *
 * What a command is called, takes and shows is in one table (commands.c);
 * help, completion and JSON names come from it.
 */
#ifndef RMPOPTCTL_H
#define RMPOPTCTL_H

#include <stdarg.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>
#include <linux/types.h>

typedef __u64 u64;
typedef __u32 u32;

#define BIT(n)		(1u << (n))
#define BIT_ULL(n)	(1ull << (n))
#define ARRAY_SIZE(a)	(sizeof(a) / sizeof((a)[0]))

#define SYSFS		"/sys/kernel/rmpopt/"
#define DEBUGFS		"/sys/kernel/debug/rmpopt/"
#define MODULE		"/sys/module/rmpopt"
#define CPUS		"/sys/devices/system/cpu/"
#define SAVED_CPUID	"/rmpoptctl/cpuid"
#define SAVED_MSR	"/rmpoptctl/msr"

/* Exit codes; rmpoptctl(8) has them. */
enum {
	CTL_OK		= 0,
	CTL_FAILED	= 1,
	CTL_USAGE	= 2,
	CTL_PARTLY	= 64,
};

/* 52 address bits are the architecture's limit. */
#define REGIONS_MAX	0x400000u
#define WINDOW_REGIONS	2048u

/**
 * struct options - the options of the command line
 * @json: print JSON
 * @raw: print columns with one blank between them
 * @pairs: print NAME="VALUE"
 * @no_headings: no line of column names
 * @output_all: show all columns
 * @quiet: print nothing, only set the exit status
 * @full: a full pass
 * @later: a pass after the quiet period
 * @cancel: cancel the running pass and waiting requests
 * @wait: wait until the pass has ended
 * @persist: for later loads, too
 * @unset: arguments are names of parameters that get their defaults
 * @textfile: metrics for the textfile collector
 * @color: auto, always or never; NULL for auto
 * @sysroot: read below this folder instead of /
 * @output: columns to show; with + in front, in addition to the default ones; or
 *	NULL. Of the lab: the report's directory
 * @save: where to save what is read
 * @dry_run: say what would be done, and do nothing
 * @yes: don't ask
 * @convert: pages may change hands
 * @compare: of two reports
 * @steps: of the lab, by their names; NULL for all
 * @timeout: seconds, 0 forever
 * @count: end after so many, 0 never
 */
struct options {
	bool json;
	bool raw;
	bool pairs;
	bool no_headings;
	bool output_all;
	bool quiet;
	bool full;
	bool later;
	bool cancel;
	bool wait;
	bool persist;
	bool unset;
	bool textfile;
	bool dry_run;
	bool yes;
	bool convert;
	bool compare;
	const char *steps;
	const char *color;
	const char *sysroot;
	const char *output;
	const char *save;
	u32 timeout;
	u32 count;
};

extern struct options options;

/* arena.c */
void *arena_get(size_t size);
void *arena_grow(void *old, size_t old_size, size_t size);
char *arena_copy(const char *text);
__printf(1, 2) char *format(const char *fmt, ...);
__printf(1, 0) char *vformat(const char *fmt, va_list args);
void arena_clear(void);

/* main.c */
__printf(1, 2) int failed(const char *fmt, ...);
__printf(1, 2) int misused(const char *fmt, ...);

/* text.c */
void make_printable(char *text, size_t size);
char *printable(const char *text);
bool is_printable(const char *text);
char upper(char c);
bool same_name(const char *a, const char *b, size_t length);
bool parse_number(const char *text, u64 *value);
bool parse_hex(const char *text, u64 *value);
bool has_word(const char *text, const char *word);
const char *value_of(const char *text, const char *name);
char *next_line(char **text);
char *join_lines(const char *text);
char *next_word(char **line);
const char *plural(u64 n);
const char *micro(void);
const char *duration(u64 ns);
const char *seconds_text(u64 seconds);
const char *time_text(u64 seconds);

/* file.c */
int file_root(const char *dir);
int file_open(const char *path);
char *file_bytes(const char *path, size_t *size);
__printf(1, 2) char *file_text(const char *fmt, ...);
__printf(2, 3) bool file_number(u64 *value, const char *fmt, ...);
__printf(1, 2) bool file_exists(const char *fmt, ...);
int file_write(const char *path, const char *text);
char *file_ask(const char *path, const char *question);
char **file_names(const char *dir, size_t *count);

/* signals.c */
void signals_hold(void);
void signals_release(void);

/* list.c */
struct range {
	u32 first;
	u32 last;
};

/**
 * struct list - a set of numbers, as the kernel prints them: 0-3,7
 * @ranges: how many ranges
 * @members: how many numbers
 * @range: sorted, not touching each other
 */
struct list {
	size_t ranges;
	u64 members;
	struct range *range;
};

bool list_parse(struct list *list, const char *text);
bool list_written(const char *text);
bool list_of_cpus(const char *text, u64 *highest);
bool list_has(const struct list *list, u32 number);
void list_insert(struct list *list, u64 first, u64 end);
void list_append(struct list *list, u32 number);
void list_subtract(struct list *rest, const struct list *all, const struct list *some);
const char *list_text(const struct list *list);
__printf(2, 3) bool list_read(struct list *list, const char *fmt, ...);

/* records.c */
struct records;
struct records *records_read(const char *path);
struct records *records_parse(char *text);
size_t records_count(const struct records *records);
const char *record_text(const struct records *records, size_t row,
			const char *column);
bool record_number(const struct records *records, size_t row,
		   const char *column, u64 *value);

/* table.c */
enum column_type {
	COLUMN_TEXT,
	COLUMN_NUMBER,
	COLUMN_BOOL,
	/* Numbers and commas, and words, that may fill several lines of a terminal. */
	COLUMN_LIST,
	COLUMN_WORDS,
};

/**
 * struct column - one thing that a command shows
 * @name: in JSON and, in capitals, above the column; NULL after the last
 * @type: what it is in JSON
 * @help: what it means, with its unit
 * @extra: shown in JSON, with --output-all, and where it is named
 */
struct column {
	const char *name;
	enum column_type type;
	const char *help;
	bool extra;
};

struct table;
bool table_wanted(void);
struct table *table_new(const char *name, const struct column *columns,
			const char *defaults);
void table_row(struct table *table);
__printf(3, 4) void table_set(struct table *table, const char *column,
			      const char *fmt, ...);
void table_number(struct table *table, const char *column, u64 value);
void table_bool(struct table *table, const char *column, bool value);
int table_print(struct table *table);
void table_print_line(struct table *table);
bool table_knows(const struct column *columns, const char *list);

/* commands.c */

/**
 * struct command - a command, its help included
 * @name: the word
 * @arguments: how they are written in the usage
 * @min: how many arguments at least
 * @max: and at most
 * @options: letters of the options that it takes, see options.c
 * @summary: what it does, in a line
 * @details: and in more of them
 * @examples: lines of "COMMAND# what for"
 * @columns: what it shows
 * @run: does it; returns an exit code
 */
struct command {
	const char *name;
	const char *arguments;
	int min;
	int max;
	const char *options;
	const char *summary;
	const char *details;
	const char *examples;
	const struct column *columns;
	int (*run)(char **arguments);
};

extern const struct command commands[];
const struct command *command_find(const char *name);
int run_help(char **arguments);
int run_completion(char **arguments);
int run_check(char **arguments);
int run_status(char **arguments);
int run_map(char **arguments);
int run_scan(char **arguments);
int run_why(char **arguments);
int run_forecast(char **arguments);
int run_cores(char **arguments);
int run_watch(char **arguments);
int run_enable(char **arguments);
int run_disable(char **arguments);
int run_set(char **arguments);
int run_lab(char **arguments);
bool document_printed(void);
void lab_print_refused(const char *why);
int run_load(char **arguments);
int run_unload(char **arguments);
int run_metrics(char **arguments);

extern const struct column check_columns[];
extern const struct column status_columns[];
extern const struct column map_columns[];
extern const struct column scan_columns[];
extern const struct column why_columns[];
extern const struct column forecast_columns[];
extern const struct column cores_columns[];
extern const struct column set_columns[];

/* options.c */

/**
 * struct option_word - an option
 * @code: its letter in struct command
 * @is_short: it may be written as -LETTER
 * @name: it is written as --NAME
 * @argument: what follows it, NULL for nothing
 * @values: words that it may be, blank-separated; NULL for any
 * @otherwise: what it is without an argument, which then is optional
 * @help: what it does
 * @flag: set by it; or
 * @text: gets its argument; or
 * @count: gets it as a number
 */
struct option_word {
	char code;
	bool is_short;
	const char *name;
	const char *argument;
	const char *values;
	const char *otherwise;
	const char *help;
	bool *flag;
	const char **text;
	u32 *count;
};

/* Every command takes these. */
#define OPTIONS_ALWAYS	"hV"
/* What reads takes these as well, with columns and without. */
#define OPTIONS_READ	"sj"
#define OPTIONS_TABLE	"sjrPoOn"

extern const struct option_word option_words[];
int options_parse(int argc, char **argv, const char **used);
bool command_takes(const struct command *command, char code);
bool command_takes_name(const struct command *command, const char *name);
const char *option_written(const struct option_word *word);

/* color.c */
enum color {
	COLOR_GOOD,
	COLOR_BAD,
	COLOR_DIM,
	COLOR_WARN,
	COLOR_BOLD,
};

const char *color(enum color color);
const char *color_end(void);

/* screen.c */
bool is_screen(int fd);
u32 screen_columns(void);
u32 screen_width(int fd);
void fold(u32 at, u32 indent, const char *text);

#endif /* RMPOPTCTL_H */
