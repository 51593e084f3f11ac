// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/rmpopt/tune: a file for each tunable, effective at once.
 */
#include <linux/errno.h>
#include <linux/kernel.h>
#include <linux/kobject.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "cores/cores.h"
#include "state/state.h"
#include "state/tune.h"
#include "sysfs.h"

static struct kobj_attribute files[TUNES];
static struct attribute *attrs[TUNES + 1];

const struct attribute_group tune_group = {
	.name = "tune",
	.attrs = attrs,
};

static ssize_t show(struct kobject *kobj, struct kobj_attribute *attr, char *buf)
{
	return tune_show(attr - files, buf);
}

static ssize_t store(struct kobject *kobj, struct kobj_attribute *attr,
		     const char *buf, size_t count)
{
	int ret = -EINVAL;

	/* Refuse text with a NUL in it. */
	if (strlen(buf) == count)
		ret = tune_store(attr - files, buf);
	if (ret)
		return ret;
	/* Which cores take part depends on it. */
	if (attr - files == TUNE_ISOLATED)
		cores_touch();
	/* The worker may be sleeping with the old value. */
	state_kick();
	return count;
}

/**
 * tunables_start - fill in tune_group
 */
void tunables_start(void)
{
	enum tune tune;

	for (tune = 0; tune < TUNES; tune++) {
		files[tune] = (struct kobj_attribute){
			.attr = { .name = tune_name(tune), .mode = 0644 },
			.show = show,
			.store = store,
		};
		attrs[tune] = &files[tune].attr;
	}
}
