// SPDX-License-Identifier: GPL-2.0
/*
 * /sys/kernel/rmpopt: state, wishes, counts.
 *
 * One value per file; lists are in lists.c. Files that reveal where guests
 * live, or what they do, are for root only.
 */
#include <linux/errno.h>
#include <linux/kobject.h>
#include <linux/minmax.h>
#include <linux/string.h>
#include <linux/sysfs.h>

#include "cores/cores.h"
#include "events/events.h"
#include "events/hooks.h"
#include "pass/pass.h"
#include "plan/coverage.h"
#include "state/state.h"
#include "sysfs.h"

static struct kobject *root;

/*
 * ---- state ... progress ----
 * What the module is and does.
 */

static ssize_t state_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *buf)
{
	return sysfs_emit(buf, "%s\n", state_word(state_now()));
}

static ssize_t reason_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *buf)
{
	char reason[ENGINE_REASON_MAX];

	state_reason(reason);
	return sysfs_emit(buf, "%s\n", reason);
}

static const char * const request_words[] = {
	[REQUEST_NOW]		= "now",
	[REQUEST_FULL]		= "full",
	[REQUEST_LATER]		= "later",
	[REQUEST_CANCEL]	= "cancel",
};

static ssize_t scan_store(struct kobject *kobj, struct kobj_attribute *attr,
			  const char *buf, size_t count)
{
	int request = sysfs_match_string(request_words, buf);
	int ret;

	if (request < 0 || strlen(buf) != count)
		return -EINVAL;
	ret = state_request(request);
	return ret ?: count;
}

static ssize_t requested_show(struct kobject *kobj, struct kobj_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%llu\n", READ_ONCE(engine.requested));
}

static ssize_t served_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%llu\n", READ_ONCE(engine.served));
}

static ssize_t enabled_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(wishes.enabled));
}

static ssize_t enabled_store(struct kobject *kobj, struct kobj_attribute *attr,
			     const char *buf, size_t count)
{
	bool enabled = sysfs_streq(buf, "1");

	if (engine.view_only)
		return -EOPNOTSUPP;
	if ((!enabled && !sysfs_streq(buf, "0")) || strlen(buf) != count)
		return -EINVAL;
	if (enabled)
		WRITE_ONCE(wishes.retry_now, true);
	WRITE_ONCE(wishes.enabled, enabled);
	state_kick();
	return count;
}

static ssize_t passes_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%llu\n", READ_ONCE(running.stats.passes));
}

static ssize_t last_result_show(struct kobject *kobj,
				struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%s\n",
			  state_result_word(READ_ONCE(engine.last_result)));
}

static ssize_t progress_show(struct kobject *kobj, struct kobj_attribute *attr,
			     char *buf)
{
	u32 total = READ_ONCE(running.total);
	u32 done = atomic_read(&running.done);

	return sysfs_emit(buf, "%u %u\n", min(done, total), total);
}

static ssize_t regions_covered_show(struct kobject *kobj,
				    struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", the_coverage.regions);
}

static ssize_t regions_optimized_show(struct kobject *kobj,
				      struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", plan_optimized(&the_plan));
}

static ssize_t regions_uncovered_show(struct kobject *kobj,
				      struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", plan_uncovered(&the_plan));
}

static ssize_t regions_faulty_show(struct kobject *kobj,
				   struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%u\n", plan_faulty(&the_plan));
}

static ssize_t hooks_show(struct kobject *kobj, struct kobj_attribute *attr,
			  char *buf)
{
	return hooks_describe(buf);
}

static struct kobj_attribute state_attr = __ATTR_RO(state);
static struct kobj_attribute reason_attr = __ATTR_RO(reason);
static struct kobj_attribute scan_attr = __ATTR_WO(scan);
static struct kobj_attribute requested_attr = __ATTR_RO(requested);
static struct kobj_attribute served_attr = __ATTR_RO(served);
static struct kobj_attribute enabled_attr = __ATTR_RW(enabled);
static struct kobj_attribute passes_attr = __ATTR_RO(passes);
static struct kobj_attribute last_result_attr = __ATTR_RO(last_result);
static struct kobj_attribute progress_attr = __ATTR_RO(progress);
static struct kobj_attribute regions_covered_attr = __ATTR_RO(regions_covered);
static struct kobj_attribute regions_optimized_attr = __ATTR_RO(regions_optimized);
static struct kobj_attribute regions_uncovered_attr = __ATTR_RO(regions_uncovered);
static struct kobj_attribute regions_faulty_attr = __ATTR_RO(regions_faulty);
static struct kobj_attribute hooks_attr = __ATTR_RO(hooks);

static struct attribute *root_attrs[] = {
	&state_attr.attr,
	&reason_attr.attr,
	&scan_attr.attr,
	&requested_attr.attr,
	&served_attr.attr,
	&enabled_attr.attr,
	&passes_attr.attr,
	&last_result_attr.attr,
	&progress_attr.attr,
	&regions_covered_attr.attr,
	&regions_optimized_attr.attr,
	&regions_uncovered_attr.attr,
	&regions_faulty_attr.attr,
	&hooks_attr.attr,
	NULL
};

static const struct attribute_group root_group = {
	.attrs = root_attrs,
};

/*
 * ---- stats/ ----
 * Counts, for root only, as they reveal how busy guests are.
 */

/**
 * struct stat_attribute - a count of struct pass_stats
 * @attr: its file
 * @count: the count
 */
struct stat_attribute {
	struct kobj_attribute attr;
	const u64 *count;
};

static ssize_t stat_show(struct kobject *kobj, struct kobj_attribute *attr,
			 char *buf)
{
	struct stat_attribute *stat =
		container_of(attr, struct stat_attribute, attr);

	return sysfs_emit(buf, "%llu\n", READ_ONCE(*stat->count));
}

static ssize_t conversions_show(struct kobject *kobj,
				struct kobj_attribute *attr, char *buf)
{
	return sysfs_emit(buf, "%llu\n", events_conversions());
}

static ssize_t faults_show(struct kobject *kobj, struct kobj_attribute *attr,
			   char *buf)
{
	return sysfs_emit(buf, "%llu\n",
			  READ_ONCE(running.stats.faults) +
			  READ_ONCE(the_plan.counts.faults));
}

static ssize_t trigger_show(struct kobject *kobj, struct kobj_attribute *attr,
			    char *buf)
{
	enum engine_trigger trigger = READ_ONCE(running.stats.last_trigger);

	return sysfs_emit(buf, "%s\n", state_trigger_word(trigger));
}

static ssize_t worst_cpu_show(struct kobject *kobj, struct kobj_attribute *attr,
			      char *buf)
{
	return sysfs_emit(buf, "%d\n", READ_ONCE(running.stats.worst_slice_cpu));
}

/* Only 0 can be written, which resets the longest slice. */
static ssize_t worst_store(struct kobject *kobj, struct kobj_attribute *attr,
			   const char *buf, size_t count)
{
	if (!sysfs_streq(buf, "0") || strlen(buf) != count)
		return -EINVAL;
	WRITE_ONCE(running.stats.worst_slice_ns, 0);
	WRITE_ONCE(running.stats.worst_slice_cpu, -1);
	return count;
}

static struct stat_attribute stats[] = {
	{ __ATTR(passes_full, 0400, stat_show, NULL),
	  &running.stats.passes_full },
	{ __ATTR(passes_delta, 0400, stat_show, NULL),
	  &running.stats.passes_delta },
	{ __ATTR(verifies_leader, 0400, stat_show, NULL),
	  &the_plan.counts.verifies_leader },
	{ __ATTR(verifies_follower, 0400, stat_show, NULL),
	  &the_plan.counts.verifies_follower },
	{ __ATTR(verifies_catchup, 0400, stat_show, NULL),
	  &the_plan.counts.verifies_catchup },
	{ __ATTR(reports, 0400, stat_show, NULL), &the_plan.counts.reports },
	{ __ATTR(slices, 0400, stat_show, NULL), &running.stats.slices },
	{ __ATTR(interruptions, 0400, stat_show, NULL),
	  &running.stats.interruptions },
	{ __ATTR(overruns, 0400, stat_show, NULL), &running.stats.overruns },
	{ __ATTR(last_pass_time_s, 0400, stat_show, NULL),
	  &running.stats.last_pass_time_s },
	{ __ATTR(last_pass_us, 0400, stat_show, NULL),
	  &running.stats.last_pass_us },
	{ __ATTR(last_stolen_us, 0400, stat_show, NULL),
	  &running.stats.last_stolen_us },
	{ __ATTR(worst_slice_ns, 0600, stat_show, worst_store),
	  &running.stats.worst_slice_ns },
};

static struct kobj_attribute conversions_attr =
	__ATTR(conversions, 0400, conversions_show, NULL);
static struct kobj_attribute faults_attr =
	__ATTR(faults, 0400, faults_show, NULL);
static struct kobj_attribute trigger_attr =
	__ATTR(last_trigger, 0400, trigger_show, NULL);
static struct kobj_attribute worst_cpu_attr =
	__ATTR(worst_slice_cpu, 0600, worst_cpu_show, worst_store);

static struct attribute *stats_attrs[ARRAY_SIZE(stats) + 5] = {
	&trigger_attr.attr,
	&worst_cpu_attr.attr,
	&conversions_attr.attr,
	&faults_attr.attr,
};

static const struct attribute_group stats_group = {
	.name = "stats",
	.attrs = stats_attrs,
};

static void collect_stats(void)
{
	u32 i;

	for (i = 0; i < ARRAY_SIZE(stats); i++)
		stats_attrs[i + 4] = &stats[i].attr.attr;
}

/**
 * sysfs_start - create the files
 *
 * Return: 0 or an errno, and then there are none.
 */
int sysfs_start(void)
{
	int ret;

	root = kobject_create_and_add("rmpopt", kernel_kobj);
	if (!root)
		return -ENOMEM;

	collect_stats();
	tunables_start();
	ret = sysfs_create_group(root, &root_group);
	if (!ret)
		ret = sysfs_create_group(root, &stats_group);
	if (!ret)
		ret = sysfs_create_group(root, &tune_group);
	if (!ret)
		ret = lists_start(root);
	if (ret)
		sysfs_stop();
	else
		state_notify(root);
	return ret;
}

/**
 * sysfs_stop - remove the files; waits for their readers and writers
 *
 * Before the worker has started, or after worker_leave().
 */
void sysfs_stop(void)
{
	state_notify(NULL);
	kobject_del(root);
	kobject_put(root);
	lists_stop();
}
