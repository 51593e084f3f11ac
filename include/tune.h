/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Numbers that an admin may set at load time and, in tune/, at any time.
 */
#ifndef RMPOPT_TUNE_H
#define RMPOPT_TUNE_H

#include <linux/types.h>

enum tune {
	TUNE_DELAY_MS,
	TUNE_WATCH_MS,
	TUNE_SLICE_US,
	TUNE_DUTY,
	TUNE_PARALLEL,
	TUNES,
};

struct attribute_group;

u32 tune_read(enum tune tune);
extern const struct attribute_group tune_group;

#endif /* RMPOPT_TUNE_H */
