/* SPDX-License-Identifier: GPL-2.0 */
/* Stand-in for the kernel's header, for the unit tests of plain C. */
#ifndef RMPOPT_UNIT_TYPES_H
#define RMPOPT_UNIT_TYPES_H

#include_next <linux/types.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef uint8_t u8;
typedef uint16_t u16;
typedef uint32_t u32;
typedef unsigned long long u64;

#endif /* RMPOPT_UNIT_TYPES_H */
