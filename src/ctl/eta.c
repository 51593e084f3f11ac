// SPDX-License-Identifier: GPL-2.0
/* When the running pass ends. It may find more to do, so this is a guess. */
#include <time.h>

#include "eta.h"
#include "rmpopt.h"

#define NS	1000000000ull

u64 eta_now_ns(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return now.tv_sec * NS + now.tv_nsec;
}

/* Seconds left, rounded up; UNKNOWN at rest, and until progress was seen. */
u64 eta_seconds(struct eta *eta, const struct host *host)
{
	u64 now = eta_now_ns();
	double rate;

	if (!host->total || !eta->since_ns || eta->passes != host->passes || host->done < eta->done)
		*eta = (struct eta){ host->passes, host->total ? now : 0, host->done };
	if (!host->total || host->done == eta->done || now == eta->since_ns)
		return UNKNOWN;
	rate = (double)(host->done - eta->done) / (now - eta->since_ns);
	return (host->total - host->done) / rate / NS + 1;
}
