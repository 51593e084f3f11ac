/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module as its files show it.
 */
#ifndef RMPOPTCTL_RMPOPT_H
#define RMPOPTCTL_RMPOPT_H

#include "ctl.h"

/* A count that could not be read. */
#define UNKNOWN		(~0ull)

/**
 * struct host - what the files in sysfs say; numbers may be UNKNOWN
 * @root: the files for root could be read
 * @viewing: the module is in view-only mode
 * @tables: tables are in use, by the module or by the kernel
 * @looked: what is not optimized has been tried, so something prevents it
 * @automatic: passes start automatically
 * @knows_free: @optimizable was read
 * @eta_s: seconds until the running pass ends; watch alone can tell
 * @cores_count: how many are in @cores; so with @behind and @leaders
 * @own: regions in which the RMP itself lies, as far as known
 * @uncovered: regions that no core's window holds, as far as known
 * @optimizable: regions of which no page is assigned now; see host_read_free()
 */
struct host {
	bool root;
	bool viewing;
	bool tables;
	bool looked;
	bool automatic;
	bool knows_free;
	const char *version;
	const char *state;
	const char *reason;
	const char *last_result;
	const char *last_trigger;
	const char *hooks;
	u64 requested;
	u64 served;
	u64 passes;
	u64 done;
	u64 total;
	u64 regions_covered;
	u64 regions_optimized;
	u64 regions_uncovered;
	u64 regions_faulty;
	u64 last_pass_us;
	u64 last_stolen_us;
	u64 last_pass_time_s;
	u64 eta_s;
	u64 slices;
	u64 overruns;
	u64 faults;
	u64 slice_us;
	u64 worst_slice_ns;
	u64 worst_slice_cpu;
	u64 cores_count;
	u64 behind_count;
	u64 leaders_count;
	struct list covered;
	struct list optimized;
	struct list backoff;
	struct list faulty;
	struct list cores;
	struct list behind;
	struct list leaders;
	struct list own;
	struct list uncovered;
	struct list optimizable;
};

bool host_loaded(void);
const char *host_state(const char **reason);
int host_hidden(void);
bool host_read(struct host *host);
void host_read_places(struct host *host);
void host_read_free(struct host *host);
const char *host_is(const struct host *host);
const char *host_why(const struct host *host);
int host_missing(void);
const char *host_as_root(const char *path);
int host_for_root(void);
bool host_works(const struct host *host);
bool host_takes_requests(const struct host *host);
bool host_has_state(const struct host *host, const char *state);

/* What keeps a region from being optimized, as far as sysfs tells. */
enum region_state {
	REGION_OPTIMIZED,
	REGION_HELD,
	REGION_BACKOFF,
	REGION_OWN,
	REGION_UNCOVERED,
	REGION_FAULTY,
	REGION_OPTIMIZABLE,
	REGION_UNKNOWN,
	REGION_STATES,
};

extern const char * const region_words[REGION_STATES];
enum region_state region_state(const struct host *host, u32 region);
void host_count(const struct host *host, u64 *count);

#endif /* RMPOPTCTL_RMPOPT_H */
