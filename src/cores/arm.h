/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Arming: RMPOPT_BASE on the cores that take part.
 */
#ifndef RMPOPT_ARM_H
#define RMPOPT_ARM_H

#include <linux/smp.h>
#include <linux/types.h>

/* Is RMPOPT_BASE to be written where RMPOPT_EN is clear? */
enum errand_kind {
	ERRAND_LOOK,
	ERRAND_ARM,
};

/**
 * struct errand - what the worker wants to know of a core
 * @csd: its IPI
 * @busy: from sending until the handler's last access to this structure;
 *	whoever sees it clear owns the rest
 * @sent: its answer has not been looked at
 * @late: the worker does not wait for it any more
 * @stale: its answer does not count any more
 * @found: RMPOPT_EN was set already
 * @kind: what to do
 * @result: 0 RMPOPT_EN is set, -ENODEV SNP is not initialised there, -EBUSY the
 *	RMP could not be read to see that, -ENXIO RMPOPT_EN is clear and is to
 *	stay so, -EIO the write had no effect, -EAGAIN it was not executed
 * @base: what RMPOPT_BASE reads as, if @result is 0
 */
struct errand {
	call_single_data_t csd;
	bool busy;
	bool sent;
	bool late;
	bool stale;
	bool found;
	enum errand_kind kind;
	int result;
	u64 base;
};

struct core;

void arm_prepare(struct core *core);
int arm_cores(bool view);
bool arm_possible(void);
bool arm_ask(struct core *core);
bool arm_found(struct core *core);
bool arm_is_void(void);
int arm_again(struct core *core, bool view);
void arm_forget(void);
bool arm_is_under_way(void);
void arm_drain(void);

#endif /* RMPOPT_ARM_H */
