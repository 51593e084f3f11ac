// SPDX-License-Identifier: GPL-2.0
/*
 * debugfs bench, the file's side: one at a time may have it open, and its
 * commands are wishes that the worker executes.
 *
 * A process that is killed leaves its command to the worker, which ends it in
 * bounded time; only then is the file closed.
 */
#include <linux/errno.h>
#include <linux/fs.h>
#include <linux/kstrtox.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/wait.h>

#include "bench.h"
#include "bench_command.h"
#include "cores.h"
#include "engine.h"
#include "slices.h"
#include "views.h"

/* More than the longest list of 8192 CPUs. */
#define COMMAND_MAX	65536u

static const char * const words[] = {
	[BENCH_VERIFY]	= "verify",
	[BENCH_REPORT]	= "report",
	[BENCH_CLEAR]	= "clear",
	[BENCH_OFF]	= "off",
	[BENCH_ON]	= "on",
};

/* Somebody has the file open. */
static atomic_t taken;

/* Guards the command against other writers through the same open file. */
static DEFINE_MUTEX(writers);

/* The command; the worker's while it waits. */
static struct bench_command command;
static bool waiting;
static int result;

static bool is_done(void)
{
	/* Pairs with bench_command_done(). */
	return !smp_load_acquire(&waiting);
}

/* Rounds up to this one belong to somebody who had it open before. */
static u64 old_rounds;

/**
 * bench_command_waiting - the command to be executed
 *
 * By the worker.
 *
 * Return: the command, NULL if there is none.
 */
struct bench_command *bench_command_waiting(void)
{
	/* Pairs with let_worker(). */
	return smp_load_acquire(&waiting) ? &command : NULL;
}

/**
 * bench_command_done - it was executed
 * @error: 0 or what the writer is to be told
 *
 * By the worker.
 */
void bench_command_done(int error)
{
	result = error;
	/* The command is the writer's again; pairs with is_done(). */
	smp_store_release(&waiting, false);
	wake_up(&engine.wait);
}

static int let_worker(void)
{
	/* Pairs with bench_command_waiting(). */
	smp_store_release(&waiting, true);
	state_kick();
	return wait_event_killable(engine.wait, is_done()) ?: result;
}

/* "REGION CPULIST" */
static int parse_where(char *text)
{
	char *region = strsep(&text, " ");

	/* A list with blanks in it is one for the kernel's parser. */
	if (!text || strpbrk(text, " \t\n\v\f\r") || kstrtou32(region, 10, &command.region) ||
	    cpulist_parse(text, command.cpus) || cpumask_empty(command.cpus))
		return -EINVAL;
	return 0;
}

static int parse(char *text)
{
	char *word = strsep(&text, " ");
	int kind = match_string(words, ARRAY_SIZE(words), word);

	if (kind < 0)
		return -EINVAL;
	command.kind = kind;
	if (kind == BENCH_VERIFY || kind == BENCH_REPORT)
		return text ? parse_where(text) : -EINVAL;
	return text ? -EINVAL : 0;
}

static int give(char *text)
{
	int ret = mutex_lock_killable(&writers);

	if (ret)
		return ret;
	if (is_done())
		ret = parse(text) ?: let_worker();
	else
		ret = -EBUSY;
	mutex_unlock(&writers);
	return ret;
}

static ssize_t bench_write(struct file *file, const char __user *buf,
			   size_t count, loff_t *pos)
{
	char *text;
	int ret = -EINVAL;

	if (!count || count > COMMAND_MAX)
		return -EINVAL;
	text = memdup_user_nul(buf, count);
	if (IS_ERR(text))
		return PTR_ERR(text);
	/* Nothing may hide behind a NUL. */
	if (strlen(text) == count) {
		if (text[count - 1] == '\n')
			text[count - 1] = '\0';
		ret = give(text);
	}
	kfree(text);
	/* What is read next is the result, from its beginning. */
	*pos = 0;
	return ret ?: count;
}

static bool bench_has(const struct view_reader *reader, u32 i)
{
	return cores_at(i);
}

static int bench_show(struct seq_file *seq, struct view_reader *reader, u32 i)
{
	const struct core *core = cores_at(i);
	const struct shot *shot = &core->shot;

	if (shot->round != bench_round() || shot->round <= old_rounds)
		return 0;
	if (READ_ONCE(shot->busy) || !shot->cycles)
		seq_printf(seq, "%u - - -\n", core->primary);
	else
		seq_printf(seq, "%u %d %llu %llu\n", core->primary, shot->cf,
			   shot->cycles, cycles_to_ns(shot->stall));
	return 0;
}

const struct view bench_view = {
	.name = "bench",
	.header = "cpu cf cycles stall_ns",
	.has = bench_has,
	.show = bench_show,
};

/* The worker has nothing of it any more. */
static void end(void)
{
	WRITE_ONCE(engine.bench, false);
	state_kick();
	wait_event(engine.wait, !READ_ONCE(engine.lent) && is_done());
}

static bool is_in_service(void)
{
	enum engine_state state = state_now();

	return state == STATE_READY || state == STATE_SCANNING;
}

/* Until the worker stands still, or something more important has come. */
static int begin(void)
{
	int ret;

	if (!is_in_service())
		return -ENODEV;
	WRITE_ONCE(engine.bench, true);
	state_kick();
	ret = wait_event_killable(engine.wait,
				  READ_ONCE(engine.lent) || !is_in_service());
	if (!ret && !READ_ONCE(engine.lent))
		ret = -ENODEV;
	if (ret)
		end();
	return ret;
}

static int bench_open(struct inode *inode, struct file *file)
{
	int ret = -ENOMEM;

	if (atomic_cmpxchg(&taken, 0, 1))
		return -EBUSY;
	old_rounds = bench_round();
	if (!zalloc_cpumask_var(&command.cpus, GFP_KERNEL))
		goto give_back;
	ret = view_open(inode, file);
	if (ret)
		goto free;
	/* To look at the last result disturbs nobody. */
	ret = file->f_mode & FMODE_WRITE ? begin() : 0;
	if (!ret)
		return 0;
	view_release(inode, file);
free:
	free_cpumask_var(command.cpus);
give_back:
	atomic_set(&taken, 0);
	return ret;
}

static int bench_release(struct inode *inode, struct file *file)
{
	if (file->f_mode & FMODE_WRITE)
		end();
	free_cpumask_var(command.cpus);
	view_release(inode, file);
	atomic_set(&taken, 0);
	return 0;
}

const struct file_operations bench_fops = {
	.owner = THIS_MODULE,
	.open = bench_open,
	.read = seq_read,
	.write = bench_write,
	.llseek = seq_lseek,
	.release = bench_release,
};
