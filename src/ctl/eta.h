/* SPDX-License-Identifier: GPL-2.0 */
/*
 * When the running pass ends, by how fast it was so far.
 */
#ifndef RMPOPTCTL_ETA_H
#define RMPOPTCTL_ETA_H

#include "ctl.h"

struct host;

/**
 * struct eta - a pass that is followed
 * @passes: how many had ended before it
 * @since_ns: when it was first seen
 * @done: how much of it was done then
 */
struct eta {
	u64 passes;
	u64 since_ns;
	u64 done;
};

u64 eta_now_ns(void);
u64 eta_seconds(struct eta *eta, const struct host *host);

#endif /* RMPOPTCTL_ETA_H */
