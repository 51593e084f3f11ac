/* SPDX-License-Identifier: GPL-2.0 */
/* Stand-in for the kernel's header, for the unit tests of plain C. */
#ifndef RMPOPT_UNIT_MATH64_H
#define RMPOPT_UNIT_MATH64_H

#include <linux/types.h>

static inline u64 div_u64(u64 dividend, u32 divisor)
{
	return dividend / divisor;
}

#endif /* RMPOPT_UNIT_MATH64_H */
