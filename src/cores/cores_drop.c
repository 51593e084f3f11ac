// SPDX-License-Identifier: GPL-2.0
/*
 * Cores that fail are dropped: they are not used for a while, a longer one each
 * time, and then retried.
 *
 * All of it belongs to the worker.
 */
#include <linux/errno.h>
#include <linux/ktime.h>

#include "state/trace.h"
#include "cores.h"

#define PAUSE_FIRST_MS	1000u
/*
 * If a thread got no CPU time: what occupies the CPU is not over in a second.
 */
#define PAUSE_STARVED_MS	10000u
#define PAUSE_CAP_MS	(10 * 60 * 1000u)

/**
 * cores_drop - stop using a core that fails
 * @core: the core
 * @error: why
 *
 * It is retried after a pause that grows each time.
 */
void cores_drop(struct core *core, int error)
{
	cores_leave(core);
	trace_event(TRACE_DROPPED, core_name(core), -1);
	core->pause_ms = plan_pause(core->pause_ms, error == -ETIMEDOUT ?
				    PAUSE_STARVED_MS : PAUSE_FIRST_MS,
				    PAUSE_CAP_MS);
	core->retry_at = ktime_get_ns() + core->pause_ms * NSEC_PER_MSEC;
	core->dropped = error;
}

/**
 * cores_forgive - retry dropped and missing cores at once; one that hangs is
 *	retried when it is back
 */
void cores_forgive(void)
{
	struct core *core;
	u32 i;

	cores_try_missing();
	for (i = 0; (core = cores_at(i)); i++) {
		if (core_hangs(core))
			continue;
		core->dropped = 0;
		core->pause_ms = 0;
	}
}

/**
 * cores_retry_now - end the pauses of dropped cores; the next ones are longer
 */
void cores_retry_now(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		core->retry_at = 0;
}

/**
 * cores_praise - a pass went well: the next pauses of its cores are short again
 */
void cores_praise(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		if (core_takes_part(core))
			core->pause_ms = 0;
}

/* Dropped, though it may take part. */
static bool is_missed(const struct core *core)
{
	return core->dropped && cores_may_take_part(core);
}

/**
 * cores_retry_at - when the next core is due that is dropped or missing
 *
 * Return: ktime in ns, 0 if none is.
 */
u64 cores_retry_at(void)
{
	struct core *core;
	u64 at = cores_memory_at();
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		/*
		 * One that is being retried, or hangs, kicks the worker when it
		 * answers.
		 */
		if (is_missed(core) && !READ_ONCE(core->errand.busy) &&
		    !core_hangs(core) &&
		    (!at || core->retry_at < at))
			at = core->retry_at;
	return at;
}

/**
 * cores_dropped - the first core that is dropped
 *
 * Return: the core, NULL if none is.
 */
struct core *cores_dropped(void)
{
	struct core *core;
	u32 i;

	for (i = 0; (core = cores_at(i)); i++)
		if (is_missed(core))
			return core;
	return NULL;
}
