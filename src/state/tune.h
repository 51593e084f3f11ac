/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parameters that can be set at load and, in tune/, at any time.
 */
#ifndef RMPOPT_TUNE_H
#define RMPOPT_TUNE_H

#include <linux/types.h>

enum tune {
	TUNE_AUTO,
	TUNE_DELAY_MS,
	TUNE_MAX_DELAY_MS,
	TUNE_WATCH_MS,
	TUNE_AUDIT_MS,
	TUNE_SLICE_US,
	TUNE_DUTY,
	TUNE_PARALLEL,
	TUNE_FOLLOWERS,
	TUNE_ISOLATED,
	TUNES,
};

/* The words of TUNE_FOLLOWERS, in this order in tune.c. */
enum tune_followers {
	TUNE_FOLLOWERS_TICK,
	TUNE_FOLLOWERS_IPI,
};

/* The words of TUNE_ISOLATED, in this order in tune.c. */
enum tune_isolated {
	TUNE_ISOLATED_IPI,
	TUNE_ISOLATED_SKIP,
};

u32 tune_read(enum tune tune);
const char *tune_name(enum tune tune);
int tune_show(enum tune tune, char *buf);
int tune_store(enum tune tune, const char *text);

#endif /* RMPOPT_TUNE_H */
