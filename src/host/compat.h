/* SPDX-License-Identifier: GPL-2.0 */
/*
 * What differs between the kernels that the module builds for. Vendors
 * backport freely, so Kbuild probes the headers; nothing asks for a version.
 */
#ifndef RMPOPT_COMPAT_H
#define RMPOPT_COMPAT_H

#include <linux/hrtimer.h>
#include <linux/sched.h>
#include <linux/sysfs.h>
#include <linux/thread_info.h>

/* cpuid_eax() and the like; <asm/cpuid.h> was split in 6.16. */
#ifdef RMPOPT_CPUID_SPLIT
#include <asm/cpuid/api.h>
#else
#include <asm/cpuid.h>
#endif

/* struct bin_attribute became const in callbacks and groups at once (6.16). */
#define BIN_ATTRIBUTE typeof(**((struct attribute_group *)NULL)->bin_attrs)

/* hrtimer_setup() is of 6.13; hrtimer_init() went a little later. */
static inline void set_up_hrtimer(struct hrtimer *timer,
				  enum hrtimer_restart (*function)(struct hrtimer *),
				  enum hrtimer_mode mode)
{
#ifdef RMPOPT_HRTIMER_SETUP
	hrtimer_setup(timer, function, CLOCK_MONOTONIC, mode);
#else
	hrtimer_init(timer, CLOCK_MONOTONIC, mode);
	timer->function = function;
#endif
}

/*
 * Yield the CPU if another task waits for it. With PREEMPT_LAZY cond_resched()
 * does nothing: without a look at the flag the task would wait until the next
 * tick.
 */
static inline void give_way(void)
{
#ifdef TIF_NEED_RESCHED_LAZY
	if (test_thread_flag(TIF_NEED_RESCHED_LAZY)) {
		schedule();
		return;
	}
#endif
	cond_resched();
}

#endif /* RMPOPT_COMPAT_H */
