// SPDX-License-Identifier: GPL-2.0
/*
 * Requests passes of rmpopt as other modules do, by rmpopt_scan().
 *
 * /sys/kernel/request/task, softirq: a number of enum rmpopt_when, or any
 * other; rmpopt_scan() is called with it in that context, and write(2) returns
 * what it returns.
 */
#include <linux/completion.h>
#include <linux/jiffies.h>
#include <linux/kobject.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/sysfs.h>
#include <linux/timer.h>

#include "rmpopt.h"

static DEFINE_MUTEX(lock);
static int (*scan)(enum rmpopt_when when);
static enum rmpopt_when wanted;
static int result;
static DECLARE_COMPLETION(done);

static void on_time(struct timer_list *unused)
{
	result = in_serving_softirq() ? scan(wanted) : -EIO;
	complete(&done);
}

static DEFINE_TIMER(timer, on_time);

static int by_task(void)
{
	return scan(wanted);
}

static int by_softirq(void)
{
	mod_timer(&timer, jiffies + 1);
	wait_for_completion(&done);
	return result;
}

/* By its name, as this module is built without rmpopt's symbols. */
static ssize_t request(const char *buf, size_t count, int (*ask)(void))
{
	unsigned int when;
	int ret = kstrtouint(buf, 0, &when);

	if (ret)
		return ret;
	mutex_lock(&lock);
	wanted = when;
	scan = symbol_get(rmpopt_scan);
	ret = scan ? ask() : -ENOENT;
	if (scan)
		symbol_put(rmpopt_scan);
	mutex_unlock(&lock);
	return ret ?: count;
}

static ssize_t task_store(struct kobject *kobj, struct kobj_attribute *attr,
			  const char *buf, size_t count)
{
	return request(buf, count, by_task);
}

static ssize_t softirq_store(struct kobject *kobj, struct kobj_attribute *attr,
			     const char *buf, size_t count)
{
	return request(buf, count, by_softirq);
}

static struct kobj_attribute task_attr = __ATTR_WO(task);
static struct kobj_attribute softirq_attr = __ATTR_WO(softirq);

static const struct attribute *attrs[] = {
	&task_attr.attr,
	&softirq_attr.attr,
	NULL
};

static struct kobject *root;

static int __init request_init(void)
{
	int ret;

	root = kobject_create_and_add("request", kernel_kobj);
	if (!root)
		return -ENOMEM;
	ret = sysfs_create_files(root, attrs);
	if (ret)
		kobject_put(root);
	return ret;
}
module_init(request_init);

static void __exit request_exit(void)
{
	kobject_put(root);
}
module_exit(request_exit);

MODULE_DESCRIPTION("Test: requests passes of rmpopt");
MODULE_LICENSE("GPL");
