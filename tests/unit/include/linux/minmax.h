/* SPDX-License-Identifier: GPL-2.0 */
/* Stand-in for the kernel's header, for the unit tests of plain C. */
#ifndef RMPOPT_UNIT_MINMAX_H
#define RMPOPT_UNIT_MINMAX_H

/* Types that differ are an error, as in the kernel. */
#define min(a, b) ({ \
	__typeof__(a) min_a = (a); \
	__typeof__(b) min_b = (b); \
	(void)(&min_a == &min_b); \
	min_a < min_b ? min_a : min_b; })
#define max(a, b) ({ \
	__typeof__(a) max_a = (a); \
	__typeof__(b) max_b = (b); \
	(void)(&max_a == &max_b); \
	max_a > max_b ? max_a : max_b; })
#define min_t(type, a, b)	min((type)(a), (type)(b))
#define max_t(type, a, b)	max((type)(a), (type)(b))

#endif /* RMPOPT_UNIT_MINMAX_H */
