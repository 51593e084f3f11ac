// SPDX-License-Identifier: GPL-2.0
/* Lists of regions and CPUs: 0-3,7. */
#include <ctype.h>
#include <string.h>

#include "ctl.h"

static bool take_number(const char **at, u32 *number)
{
	u64 value = 0;

	if (!isdigit((unsigned char)**at))
		return false;
	for (; isdigit((unsigned char)**at); ++*at) {
		value = value * 10 + (**at - '0');
		if (value >= REGIONS_MAX)
			return false;
	}
	*number = value;
	return true;
}

static bool take_range(const char **at, struct range *range)
{
	if (!take_number(at, &range->first))
		return false;
	range->last = range->first;
	if (**at != '-')
		return true;
	++*at;
	return take_number(at, &range->last) && range->last >= range->first;
}

static size_t count_commas(const char *text)
{
	size_t n = 0;

	for (; *text; text++)
		n += *text == ',';
	return n;
}

/* Sorted as the kernel prints them; anything else is refused. */
bool list_parse(struct list *list, const char *text)
{
	struct range *range;

	memset(list, 0, sizeof(*list));
	if (!*text)
		return true;
	list->range = arena_get((count_commas(text) + 1) * sizeof(*range));
	for (;; text++) {
		range = &list->range[list->ranges];
		if (!take_range(&text, range))
			return false;
		if (list->ranges && range->first <= range[-1].last)
			return false;
		list->ranges++;
		list->members += range->last - range->first + 1;
		if (*text != ',')
			break;
	}
	return !*text;
}

/* Is it a list at all? What people write need not be sorted. */
bool list_written(const char *text)
{
	struct range range;

	for (;; text++) {
		if (!take_range(&text, &range))
			return false;
		if (*text != ',')
			return !*text;
	}
}

/* A number as the kernel's bitmap_parselist() reads it; N is the last CPU. */
static bool take_cpu(const char **at, u64 *number)
{
	const char *start = *at;

	*number = 0;
	if (**at == 'N') {
		++*at;
		*number = ~0u;
		return true;
	}
	for (; isdigit((unsigned char)**at); ++*at) {
		*number = *number * 10 + (**at - '0');
		if (*number >= ~0u)
			return false;
	}
	return *at > start;
}

/* ":USED/GROUP" of a range: of each GROUP the first USED. */
static bool take_pattern(const char **at)
{
	u64 used, group;

	if (**at != ':')
		return true;
	++*at;
	if (!take_cpu(at, &used) || *(*at)++ != '/' || !take_cpu(at, &group))
		return false;
	return group && used <= group;
}

/* N is no number that somebody wrote. */
static void keep_highest(u64 *highest, u64 cpu)
{
	if (cpu != ~0u && cpu > *highest)
		*highest = cpu;
}

static bool take_cpus(const char **at, u64 *highest)
{
	u64 first, last;

	if (!strncasecmp(*at, "all", 3)) {
		*at += 3;
		return take_pattern(at);
	}
	if (!take_cpu(at, &first))
		return false;
	keep_highest(highest, first);
	if (**at != '-')
		return true;
	++*at;
	if (!take_cpu(at, &last) || first > last)
		return false;
	keep_highest(highest, last);
	return take_pattern(at);
}

/*
 * Does the kernel's cpulist_parse() take it, and find a CPU in it? @highest is the
 * highest number that it names.
 */
bool list_of_cpus(const char *text, u64 *highest)
{
	static const char between[] = ", \t\n";
	bool any = false;

	*highest = 0;
	for (text += strspn(text, between); *text; text += strspn(text, between)) {
		if (!take_cpus(&text, highest) || (*text && !strchr(between, *text)))
			return false;
		any = true;
	}
	return any;
}

bool list_has(const struct list *list, u32 number)
{
	size_t low = 0, high = list->ranges;

	while (low < high) {
		size_t middle = (low + high) / 2;

		if (number > list->range[middle].last)
			low = middle + 1;
		else
			high = middle;
	}
	return low < list->ranges && number >= list->range[low].first;
}

/* What is in @all, but not in @some. */
void list_subtract(struct list *rest, const struct list *all, const struct list *some)
{
	size_t i;
	u32 n;

	memset(rest, 0, sizeof(*rest));
	for (i = 0; i < all->ranges; i++)
		for (n = all->range[i].first; n <= all->range[i].last; n++)
			if (!list_has(some, n))
				list_append(rest, n);
}

/* Ranges come in any order: sort, and join what touches. @members is not kept. */
void list_insert(struct list *list, u64 first, u64 end)
{
	struct range *range = arena_get((list->ranges + 1) * sizeof(*range));
	size_t i, n = 0;

	if (first >= end || end > REGIONS_MAX)
		return;
	for (i = 0; i < list->ranges && list->range[i].last + 1ull < first; i++)
		range[n++] = list->range[i];
	for (; i < list->ranges && list->range[i].first <= end; i++) {
		if (list->range[i].first < first)
			first = list->range[i].first;
		if (list->range[i].last >= end)
			end = list->range[i].last + 1ull;
	}
	range[n++] = (struct range){ first, end - 1 };
	for (; i < list->ranges; i++)
		range[n++] = list->range[i];
	list->range = range;
	list->ranges = n;
}

/* Adds a number that is larger than all others in the list. */
void list_append(struct list *list, u32 number)
{
	size_t n = list->ranges, size = sizeof(*list->range);

	list->members++;
	if (n && list->range[n - 1].last + 1 == number) {
		list->range[n - 1].last = number;
		return;
	}
	/* There is room for the next power of two. */
	if (!(n & (n - 1)))
		list->range = arena_grow(list->range, n * size, (n ? 2 * n : 1) * size);
	list->range[n] = (struct range){ number, number };
	list->ranges++;
}

/* As the kernel prints it; "" for none. */
const char *list_text(const struct list *list)
{
	/* Two numbers of seven digits, a dash and a comma. */
	size_t room = list->ranges * 16 + 1, used = 0, i;
	char *text = arena_get(room);

	for (i = 0; i < list->ranges; i++) {
		used += snprintf(text + used, room - used, "%s%u", i ? "," : "",
				 list->range[i].first);
		if (list->range[i].last != list->range[i].first)
			used += snprintf(text + used, room - used, "-%u",
					 list->range[i].last);
	}
	return text;
}

/* False, and the list empty, if the file can't be read or holds no list. */
bool list_read(struct list *list, const char *fmt, ...)
{
	va_list args;
	char *text;

	va_start(args, fmt);
	text = file_text("%s", vformat(fmt, args));
	va_end(args);
	if (text && list_parse(list, text))
		return true;
	memset(list, 0, sizeof(*list));
	return false;
}
