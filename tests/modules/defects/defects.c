// SPDX-License-Identifier: GPL-2.0
/*
 * defects: does what debug kernels are there to report; what= says which of it. Load it
 * where a report ends the kernel, and nowhere else.
 */
#include <linux/delay.h>
#include <linux/kthread.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/spinlock.h>

static char *what = "";
module_param(what, charp, 0444);
MODULE_PARM_DESC(what, "race, use-after-free, sleep or lock");

static DEFINE_SPINLOCK(held);
static DEFINE_MUTEX(outer);
static DEFINE_MUTEX(inner);
static struct task_struct *racers[2];
static int shared;

/* What is read and written at once must be often so, as KCSAN looks at few accesses. */
static int race(void *unused)
{
	while (!kthread_should_stop()) {
		for (int i = 0; i < 100; i++) {
			shared++;
			barrier();
		}
		usleep_range(1000, 2000);
	}
	return 0;
}

static int start_race(void)
{
	for (int i = 0; i < ARRAY_SIZE(racers); i++)
		racers[i] = kthread_run(race, NULL, "racer/%d", i);
	return 0;
}

static int use_after_free(void)
{
	int *gone = kmalloc(sizeof(*gone), GFP_KERNEL);
	int value;

	if (!gone)
		return -ENOMEM;
	*gone = 1;
	kfree(gone);
	value = READ_ONCE(*gone);
	return value ? 0 : -EIO;
}

static int sleep_atomic(void)
{
	spin_lock(&held);
	preempt_disable();
	msleep(1);
	preempt_enable();
	spin_unlock(&held);
	return 0;
}

static int lock_both_ways(void)
{
	mutex_lock(&outer);
	mutex_lock(&inner);
	mutex_unlock(&inner);
	mutex_unlock(&outer);
	mutex_lock(&inner);
	mutex_lock(&outer);
	mutex_unlock(&outer);
	mutex_unlock(&inner);
	return 0;
}

static int __init defects_init(void)
{
	if (!strcmp(what, "race"))
		return start_race();
	if (!strcmp(what, "use-after-free"))
		return use_after_free();
	if (!strcmp(what, "sleep"))
		return sleep_atomic();
	if (!strcmp(what, "lock"))
		return lock_both_ways();
	return -EINVAL;
}

static void __exit defects_exit(void)
{
	for (int i = 0; i < ARRAY_SIZE(racers); i++)
		if (!IS_ERR_OR_NULL(racers[i]))
			kthread_stop(racers[i]);
}

module_init(defects_init);
module_exit(defects_exit);

MODULE_DESCRIPTION("Defects that debug kernels are to report");
MODULE_LICENSE("GPL");
