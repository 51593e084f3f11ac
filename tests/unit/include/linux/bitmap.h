/* SPDX-License-Identifier: GPL-2.0 */
/* Stand-in for the kernel's header, for the unit tests of plain C. */
#ifndef RMPOPT_UNIT_BITMAP_H
#define RMPOPT_UNIT_BITMAP_H

#include <limits.h>
#include <linux/types.h>
#include <string.h>

#define BITS_PER_LONG		((unsigned int)(CHAR_BIT * sizeof(long)))
#define BITS_TO_LONGS(n)	(((n) + BITS_PER_LONG - 1) / BITS_PER_LONG)
#define DECLARE_BITMAP(name, n)	unsigned long name[BITS_TO_LONGS(n)]

static inline bool test_bit(unsigned int i, const unsigned long *map)
{
	return map[i / BITS_PER_LONG] >> (i % BITS_PER_LONG) & 1;
}

static inline void __set_bit(unsigned int i, unsigned long *map)
{
	map[i / BITS_PER_LONG] |= 1UL << (i % BITS_PER_LONG);
}

static inline void __clear_bit(unsigned int i, unsigned long *map)
{
	map[i / BITS_PER_LONG] &= ~(1UL << (i % BITS_PER_LONG));
}

static inline void __assign_bit(unsigned int i, unsigned long *map, bool value)
{
	if (value)
		__set_bit(i, map);
	else
		__clear_bit(i, map);
}

/* As the kernel's, those without underscores may race. */
static inline void set_bit(unsigned int i, unsigned long *map)
{
	__atomic_fetch_or(&map[i / BITS_PER_LONG], 1UL << (i % BITS_PER_LONG),
			  __ATOMIC_RELAXED);
}

static inline bool test_and_set_bit(unsigned int i, unsigned long *map)
{
	unsigned long bit = 1UL << (i % BITS_PER_LONG);

	return __atomic_fetch_or(&map[i / BITS_PER_LONG], bit,
				 __ATOMIC_SEQ_CST) & bit;
}

static inline void bitmap_zero(unsigned long *map, unsigned int n)
{
	memset(map, 0, BITS_TO_LONGS(n) * sizeof(*map));
}

static inline void bitmap_fill(unsigned long *map, unsigned int n)
{
	memset(map, 0xff, BITS_TO_LONGS(n) * sizeof(*map));
}

static inline bool bitmap_or(unsigned long *to, const unsigned long *a,
			     const unsigned long *b, unsigned int n)
{
	unsigned int k;

	for (k = 0; k < BITS_TO_LONGS(n); k++)
		to[k] = a[k] | b[k];
	return true;
}

static inline bool bitmap_empty(const unsigned long *map, unsigned int n)
{
	unsigned int i;

	for (i = 0; i < n; i++)
		if (test_bit(i, map))
			return false;
	return true;
}

static inline unsigned int bitmap_weight(const unsigned long *map, unsigned int n)
{
	unsigned int i, weight = 0;

	for (i = 0; i < n / BITS_PER_LONG; i++)
		weight += __builtin_popcountl(map[i]);
	for (i *= BITS_PER_LONG; i < n; i++)
		weight += test_bit(i, map);
	return weight;
}

static inline bool bitmap_and(unsigned long *to, const unsigned long *a,
			      const unsigned long *b, unsigned int n)
{
	unsigned int k;
	unsigned long any = 0;

	for (k = 0; k < BITS_TO_LONGS(n); k++)
		any |= to[k] = a[k] & b[k];
	return any;
}

static inline bool bitmap_intersects(const unsigned long *a,
				     const unsigned long *b, unsigned int n)
{
	unsigned int k;

	for (k = 0; k < BITS_TO_LONGS(n); k++)
		if (a[k] & b[k])
			return true;
	return false;
}

static inline void bitmap_copy(unsigned long *to, const unsigned long *from,
			       unsigned int n)
{
	memcpy(to, from, BITS_TO_LONGS(n) * sizeof(*to));
}

static inline unsigned long find_next_bit(const unsigned long *map,
					  unsigned long n, unsigned long from)
{
	unsigned long word;

	for (; from < n; from = (from / BITS_PER_LONG + 1) * BITS_PER_LONG) {
		word = map[from / BITS_PER_LONG] >> (from % BITS_PER_LONG);
		if (!word)
			continue;
		from += __builtin_ctzl(word);
		return from < n ? from : n;
	}
	return n;
}

#define for_each_set_bit(i, map, n) \
	for ((i) = find_next_bit(map, n, 0); (i) < (n); \
	     (i) = find_next_bit(map, n, (i) + 1))

#endif /* RMPOPT_UNIT_BITMAP_H */
