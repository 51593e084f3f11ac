// SPDX-License-Identifier: GPL-2.0
/*
 * Tunables: one table, from which the module parameters and the files in
 * tune/ take their limits. A value out of range is refused, never clamped.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/errno.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/printk.h>
#include <linux/sysfs.h>

#include "params.h"
#include "tune.h"

/* Newer kernels define it as __auto_type; here it is a name. */
#undef auto

struct params params = {
	.scan_on_load = true,
	.init_check = true,
	.hooks = true,
};

#define DAY_MS	(24 * 60 * 60 * 1000)

/**
 * struct tunable - a parameter that is a number or a word
 * @name: of the parameter, and of its file in tune/
 * @words: the words, a NULL after the last; NULL for a number
 * @value: its value, read with tune_read(); index of a word
 * @min: smallest value
 * @max: largest value
 * @or_zero: 0 is allowed as well
 */
struct tunable {
	const char *name;
	const char * const *words;
	u32 value;
	u32 min;
	u32 max;
	bool or_zero;
};

/* Those of kernel parameters of type bool; the first two are shown. */
static const char * const auto_words[] = {
	"N", "Y", "n", "y", "0", "1", NULL
};

static const char * const followers_words[] = {
	[TUNE_FOLLOWERS_TICK]	= "tick",
	[TUNE_FOLLOWERS_IPI]	= "ipi",
	NULL
};

static const char * const isolated_words[] = {
	[TUNE_ISOLATED_IPI]	= "ipi",
	[TUNE_ISOLATED_SKIP]	= "skip",
	NULL
};

static struct tunable tunables[TUNES] = {
	[TUNE_AUTO] = {
		.name = "auto",
		.words = auto_words, .value = 1, .max = 1,
	},
	[TUNE_DELAY_MS] = {
		.name = "delay_ms",
		.value = 10000, .max = DAY_MS,
	},
	[TUNE_MAX_DELAY_MS] = {
		.name = "max_delay_ms",
		.value = 60000, .max = DAY_MS,
	},
	[TUNE_WATCH_MS] = {
		.name = "watch_ms",
		.value = 60000, .min = 10, .max = DAY_MS, .or_zero = true,
	},
	[TUNE_AUDIT_MS] = {
		.name = "audit_ms",
		.value = 3600000, .min = 10, .max = 7 * DAY_MS, .or_zero = true,
	},
	[TUNE_SLICE_US] = {
		.name = "slice_us",
		.value = 50, .min = 10, .max = 1000,
	},
	[TUNE_DUTY] = {
		.name = "duty",
		.value = 5, .min = 1, .max = 100,
	},
	[TUNE_PARALLEL] = {
		.name = "parallel",
		.value = 4, .max = 8192,
	},
	[TUNE_FOLLOWERS] = {
		.name = "followers",
		.words = followers_words, .value = TUNE_FOLLOWERS_TICK,
		.max = TUNE_FOLLOWERS_IPI,
	},
	[TUNE_ISOLATED] = {
		.name = "isolated",
		.words = isolated_words, .value = TUNE_ISOLATED_IPI,
		.max = TUNE_ISOLATED_SKIP,
	},
};

/**
 * tune_read - the current value
 * @tune: which
 */
u32 tune_read(enum tune tune)
{
	return READ_ONCE(tunables[tune].value);
}

/* Y, y and 1 are the same. */
static int set_word(struct tunable *tunable, const char *text)
{
	int i = __sysfs_match_string(tunable->words, -1, text);

	if (i < 0)
		return -EINVAL;
	WRITE_ONCE(tunable->value, i % (tunable->max + 1));
	return 0;
}

static int tune_set(struct tunable *tunable, const char *text)
{
	u32 value;
	int ret;

	if (tunable->words)
		return set_word(tunable, text);
	/* kstrtouint() alone would take "+5". */
	if (text[0] < '0' || text[0] > '9')
		return -EINVAL;
	ret = kstrtouint(text, 10, &value);
	if (ret)
		return -EINVAL;
	if ((value < tunable->min || value > tunable->max) &&
	    !(tunable->or_zero && !value))
		return -EINVAL;
	WRITE_ONCE(tunable->value, value);
	return 0;
}

static int emit(const struct tunable *tunable, char *buf)
{
	u32 value = READ_ONCE(tunable->value);

	if (tunable->words)
		return sysfs_emit(buf, "%s\n", tunable->words[value]);
	return sysfs_emit(buf, "%u\n", value);
}

/**
 * tune_name - the name of a tunable
 * @tune: which
 */
const char *tune_name(enum tune tune)
{
	return tunables[tune].name;
}

/**
 * tune_show - print the current value
 * @tune: which
 * @buf: a page, for sysfs
 *
 * Return: length.
 */
int tune_show(enum tune tune, char *buf)
{
	return emit(&tunables[tune], buf);
}

/**
 * tune_store - set a value
 * @tune: which
 * @text: what was written
 *
 * Return: 0, -EINVAL if it is invalid, and then nothing changes.
 */
int tune_store(enum tune tune, const char *text)
{
	return tune_set(&tunables[tune], text);
}

static void tell_limits(const char *name, const struct tunable *tunable)
{
	if (tunable->words)
		pr_err("parameter %s is invalid: use %s or %s\n", name,
		       tunable->words[0], tunable->words[tunable->max]);
	else
		pr_err("parameter %s is invalid: use a number from %u to %u%s\n", name,
		       tunable->min, tunable->max,
		       tunable->or_zero ? ", or 0" : "");
}

static int tune_param_set(const char *text, const struct kernel_param *kp)
{
	int ret = text ? tune_set(kp->arg, text) : -EINVAL;

	/* The kernel itself logs the value. */
	if (ret)
		tell_limits(kp->name, kp->arg);
	return ret;
}

static int tune_param_get(char *buf, const struct kernel_param *kp)
{
	return emit(kp->arg, buf);
}

static const struct kernel_param_ops tune_param_ops = {
	.set = tune_param_set,
	.get = tune_param_get,
};

module_param_cb(auto, &tune_param_ops, &tunables[TUNE_AUTO], 0444);
MODULE_PARM_DESC(auto, "start passes automatically; N: only on request, except for the first one (Y or N; default Y)");
module_param_cb(delay_ms, &tune_param_ops, &tunables[TUNE_DELAY_MS], 0444);
MODULE_PARM_DESC(delay_ms, "quiet period before a delayed pass (0-86400000; default 10000)");
module_param_cb(max_delay_ms, &tune_param_ops, &tunables[TUNE_MAX_DELAY_MS], 0444);
MODULE_PARM_DESC(max_delay_ms, "longest delay of a delayed pass (0-86400000; default 60000)");
module_param_cb(watch_ms, &tune_param_ops, &tunables[TUNE_WATCH_MS], 0444);
MODULE_PARM_DESC(watch_ms, "how often leaders check their tables; 0: never (0 or 10-86400000; default 60000)");
module_param_cb(audit_ms, &tune_param_ops, &tunables[TUNE_AUDIT_MS], 0444);
MODULE_PARM_DESC(audit_ms, "how long it takes to check the tables of all cores once; 0: never (0 or 10-604800000; default 3600000)");
module_param_cb(slice_us, &tune_param_ops, &tunables[TUNE_SLICE_US], 0444);
MODULE_PARM_DESC(slice_us, "longest slice of a core, in microseconds (10-1000; default 50)");
module_param_cb(duty, &tune_param_ops, &tunables[TUNE_DUTY], 0444);
MODULE_PARM_DESC(duty, "share of a core's time that slices may take, in percent (1-100; default 5)");
module_param_cb(parallel, &tune_param_ops, &tunables[TUNE_PARALLEL], 0444);
MODULE_PARM_DESC(parallel, "cores that execute slices at the same time; 0: all (0-8192; default 4)");
module_param_cb(followers, &tune_param_ops, &tunables[TUNE_FOLLOWERS], 0444);
MODULE_PARM_DESC(followers, "how busy cores are reached: tick, after their next tick; ipi, by an interrupt (tick or ipi; default tick)");
module_param_cb(isolated, &tune_param_ops, &tunables[TUNE_ISOLATED], 0444);
MODULE_PARM_DESC(isolated, "isolated and nohz_full cores: ipi, use them; skip, leave them alone (ipi or skip; default ipi)");
