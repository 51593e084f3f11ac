/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What the worker does by the clock.
 */
#ifndef RMPOPT_DUE_H
#define RMPOPT_DUE_H

#include <linux/types.h>

#include "state/state.h"

/* @at and @other are ktime in ns, 0: never. */
static inline void sooner(u64 *at, u64 other)
{
	if (other && (!*at || other < *at))
		*at = other;
}

void due_start(void);
void due_want(enum engine_trigger trigger);
void due_look(void);
void due_audit(void);
void due_snp_moved(void);
void due_wait(void);
u64 due_watch_at(u64 watched);
u64 due_round_at(u64 asked);
void due_watched(void);
void due_looked(u64 began, bool all, bool again);
void due_forget_pass(void);
u64 due_after_failure(void);
void due_forget_failure(void);
bool due_try(void);
u64 due_at(void);

#endif /* RMPOPT_DUE_H */
