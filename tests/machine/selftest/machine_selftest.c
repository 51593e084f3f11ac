// SPDX-License-Identifier: GPL-2.0
/*
 * What the machine's own tests need from kernel mode. Write a line to
 * /sys/kernel/debug/machine_selftest/run, read the answer from it:
 *
 *	verify|report CPU REGION-OR-ADDRESS	CF: 0, 1; or "fault"
 *	base CPU VALUE				WRMSR RMPOPT_BASE: ok, or gp
 *	rmpread PFN				gpa assigned pagesize immutable asid, or error
 *	raw CPU RAX RCX				CF of RMPOPT: 0, 1; or the vector
 *	rmpread-at ADDRESS			RAX behind RMPREAD and assigned; or the vector
 *	lag CPU PFN				the page goes to ASID 1; how many reports of CPU found its bit set after that
 *	lookup PFN				what the kernel's snp_lookup_rmpentry() says: assigned 0, 1, or its error
 *	private PFN ASID LEVEL, shared PFN LEVEL	the kernel's own conversion; its result
 *	smash PFN				PSMASH of a 2 MiB page; its result
 *	race CPU OTHER PFN			the page goes to ASID 1 by CPU; how often OTHER saw its own
 *						bit clear and after that CPU's still set
 *	carry CPU N				N reports of region 0 (set) and 5 (clear)
 *						with interrupts enabled: wrong answers
 *	flags CPU N				N reports and RDTSCs with interrupts enabled, behind a POPF and
 *						an addition of which the flags are not used
 *	rdtsc CPU REGION			cycles by RDTSC around a verify, less the empty pair
 *	rdtsc-rmpread CPU			the same around an RMPREAD of page 0
 *	slice CPU N				N verifies of region 0 with interrupts disabled
 *	bare CPU				RMPOPT without an exception table entry
 *	held					is the last "hold CPU REGION" still executing? 0, 1
 *	hold CPU REGION				a verify by a worker on that CPU, not waited for
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/completion.h>
#include <linux/debugfs.h>
#include <linux/jiffies.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/smp.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>
#include <asm/asm.h>
#include <asm/msr.h>
#include <asm/sev.h>

#define MSR_RMPOPT_BASE		0xc0010139
#define GIB			(1ull << 30)
/* Holds the RMP itself in the plain layout: never optimized. */
#define CLEAR_REGION		5
#define FAULT			(-14)	/* what EX_TYPE_EFAULT_REG leaves */

struct request {
	u64 rax, rcx, count, value;
	long result;
};

static DEFINE_MUTEX(lock);
static struct dentry *dir;
static char answer[128];
static struct request held_request;
static bool held_done = true;

static void say(long value)
{
	snprintf(answer, sizeof(answer), "%ld\n", value);
}

/* CF of RMPOPT, or FAULT. */
static __always_inline int rmpopt(u64 rax, u64 rcx)
{
	int result = 0;
	bool carry;

	asm volatile("1: .byte 0xf2, 0x0f, 0x01, 0xfc\n"
		     "   setc %b[carry]\n"
		     "2:\n"
		     _ASM_EXTABLE_TYPE_REG(1b, 2b, EX_TYPE_EFAULT_REG, %k[result])
		     : [carry] "=q" (carry), [result] "+r" (result)
		     : "a" (rax), "c" (rcx) : "memory", "cc");
	return result ? FAULT : carry;
}

static void do_rmpopt(void *info)
{
	struct request *rq = info;

	rq->result = rmpopt(rq->rax, rq->rcx);
}

/* CF, or minus the vector: of that kind of exception the table leaves it in RAX. */
static void do_raw(void *info)
{
	struct request *rq = info;
	u64 rax = rq->rax;
	bool carry, done = false;

	asm volatile("1: .byte 0xf2, 0x0f, 0x01, 0xfc\n"
		     "   setc %b[carry]\n"
		     "   movb $1, %b[done]\n"
		     "2:\n"
		     _ASM_EXTABLE_TYPE(1b, 2b, EX_TYPE_FAULT)
		     : "+a" (rax), [carry] "=&q" (carry), [done] "+&q" (done)
		     : "c" (rq->count) : "memory", "cc");
	rq->result = done ? carry : -(long)rax;
}

static void do_base(void *info)
{
	struct request *rq = info;

	rq->result = wrmsr_safe(MSR_RMPOPT_BASE, (u32)rq->value, rq->value >> 32);
}

static void do_slice(void *info)
{
	struct request *rq = info;

	for (u64 i = 0; i < rq->count; i++)
		rq->result = rmpopt(0, 0);
}

static void do_bare(void *info)
{
	asm volatile(".byte 0xf2, 0x0f, 0x01, 0xfc" : : "a" (0ull), "c" (1ull) : "memory", "cc");
}

/* The least of several, as a timer interrupt may add RDTSCs of its own. */
static void do_rdtsc(void *info)
{
	struct request *rq = info;
	u64 a, b, c;

	a = rdtsc();
	b = rdtsc();
	rmpopt(rq->rax, 0);
	c = rdtsc();
	rq->result = (c - b) - (b - a);
}

struct entry { u64 gpa; u8 assigned, pagesize, immutable, reserved; u32 asid; };

/* RAX, or minus the vector. */
static __always_inline long rmpread(u64 rax, struct entry *e)
{
	bool done = false;

	asm volatile("1: .byte 0xf2, 0x0f, 0x01, 0xfd\n"
		     "   movb $1, %b[done]\n"
		     "2:\n"
		     _ASM_EXTABLE_TYPE(1b, 2b, EX_TYPE_FAULT)
		     : "+a" (rax), [done] "+&q" (done) : "c" (e) : "memory", "cc");
	return done ? (long)rax : -(long)rax;
}

static void do_rdtsc_rmpread(void *info)
{
	struct request *rq = info;
	struct entry e;
	u64 a, b, c;

	a = rdtsc();
	b = rdtsc();
	rmpread(0, &e);
	c = rdtsc();
	rq->result = (c - b) - (b - a);
}

/* While the bit is there, but not for ever. */
static void do_count(void *info)
{
	struct request *rq = info;

	for (rq->result = 0; rq->result < 100000 && rmpopt(rq->rax, 1) == 1; rq->result++)
		cpu_relax();
}

static long work_carry(void *info)
{
	struct request *rq = info;

	rq->result = 0;
	for (u64 i = 0; i < rq->count; i++) {
		rq->result += rmpopt(0, 1) != 1;
		rq->result += rmpopt(rq->rax, 1) != 0;
	}
	return 0;
}

/*
 * QEMU computes flags late: until then POPF leaves their image behind, and ADD
 * one of its operands. Taken for each other, these bits would be TF, NT and AC.
 */
#define FLAGS_OPERAND	0x44100ull

static long work_flags(void *info)
{
	struct request *rq = info;
	u64 sum, high;

	for (u64 i = 0; i < rq->count; i++) {
		asm volatile("pushf; popf; add %[operand], %[sum]; rdtsc"
			     : [sum] "=&r" (sum), "=&a" (rq->value), "=&d" (high)
			     : [operand] "r" (FLAGS_OPERAND) : "cc");
		asm volatile("pushf; popf; add %[operand], %[sum]; .byte 0xf2, 0x0f, 0x01, 0xfc"
			     : [sum] "=&r" (sum) : [operand] "r" (FLAGS_OPERAND), "a" (0ull), "c" (1ull)
			     : "memory", "cc");
	}
	rq->result = 0;
	return 0;
}

static void work_hold(struct work_struct *work)
{
	do_rmpopt(&held_request);
	WRITE_ONCE(held_done, true);
}

static DECLARE_WORK(hold, work_hold);
static DECLARE_COMPLETION(watching);

/* Returns when both bits are clear, or after a second. */
static void work_watch(struct work_struct *work)
{
	struct request there = { .rax = held_request.rax, .rcx = 1 };
	unsigned long end = jiffies + HZ;
	int here;

	held_request.result = 0;
	do {
		here = rmpopt(there.rax, 1);
		complete(&watching);
		smp_call_function_single(held_request.value, do_rmpopt, &there, 1);
		held_request.result += !here && there.result == 1;
	} while ((here || there.result) && time_before(jiffies, end));
}

static DECLARE_WORK(watch, work_watch);

static long work_private(void *pfn)
{
	return rmp_make_private(*(u64 *)pfn, 0, PG_LEVEL_4K, 1, false);
}

static void race(u64 cpu, u64 other, u64 pfn)
{
	held_request = (struct request){ .rax = pfn * PAGE_SIZE / GIB * GIB, .value = cpu };
	reinit_completion(&watching);
	schedule_work_on(other, &watch);
	wait_for_completion(&watching);
	work_on_cpu(cpu, work_private, &pfn);
	flush_work(&watch);
	say(held_request.result);
}

static void say_rmpopt(u64 cpu, u64 where, u64 rcx)
{
	struct request rq = { .rax = where < 1 << 20 ? where * GIB : where, .rcx = rcx };

	smp_call_function_single(cpu, do_rmpopt, &rq, 1);
	snprintf(answer, sizeof(answer), rq.result == FAULT ? "fault\n" : "%ld\n", rq.result);
}

static void say_vector(long vector)
{
	if (vector == 6 || vector == 13)
		strscpy(answer, vector == 6 ? "ud\n" : "gp\n", sizeof(answer));
	else
		snprintf(answer, sizeof(answer), "vector %ld\n", vector);
}

static void say_raw(u64 cpu, u64 rax, u64 rcx)
{
	struct request rq = { .rax = rax, .count = rcx };

	smp_call_function_single(cpu, do_raw, &rq, 1);
	if (rq.result < 0)
		say_vector(-rq.result);
	else
		say(rq.result);
}

static void say_rmpread_at(u64 address)
{
	struct entry e = { 0 };
	long rax = rmpread(address, &e);

	if (rax < 0)
		say_vector(-rax);
	else
		snprintf(answer, sizeof(answer), "%ld %u\n", rax, e.assigned);
}

static void say_lag(u64 cpu, u64 pfn)
{
	struct request rq = { .rax = pfn * PAGE_SIZE / GIB * GIB };
	int error = rmp_make_private(pfn, 0, PG_LEVEL_4K, 1, false);

	if (!error)
		smp_call_function_single(cpu, do_count, &rq, 1);
	say(error ?: rq.result);
}

static void say_rmpread(u64 pfn)
{
	struct entry e = { 0 };
	long rax = rmpread(pfn << PAGE_SHIFT, &e);

	if (rax < 0)
		strscpy(answer, "fault\n", sizeof(answer));
	else if (rax)
		snprintf(answer, sizeof(answer), "error %ld\n", rax);
	else
		snprintf(answer, sizeof(answer), "%#llx %u %u %u %u\n", e.gpa, e.assigned, e.pagesize,
			 e.immutable, e.asid);
}

static void say_lookup(u64 pfn)
{
	bool assigned = false;
	int level, error = snp_lookup_rmpentry(pfn, &assigned, &level);

	say(error ?: assigned);
}

static void on_cpu(u64 cpu, smp_call_func_t func, struct request *rq)
{
	smp_call_function_single(cpu, func, rq, 1);
	say(rq->result);
}

static void start_hold(u64 cpu, u64 region)
{
	held_request = (struct request){ .rax = region * GIB };
	held_done = false;
	schedule_work_on(cpu, &hold);
	say(0);
}

static int perform(const char *op, u64 a, u64 b, u64 c)
{
	struct request rq = { .count = b, .value = b, .rax = b * GIB };

	if (!strcmp(op, "verify") || !strcmp(op, "report"))
		say_rmpopt(a, b, op[0] == 'r');
	else if (!strcmp(op, "base"))
		on_cpu(a, do_base, &rq);
	else if (!strcmp(op, "slice"))
		on_cpu(a, do_slice, &rq);
	else if (!strcmp(op, "rdtsc"))
		on_cpu(a, do_rdtsc, &rq);
	else if (!strcmp(op, "bare"))
		on_cpu(a, do_bare, &rq);
	else if (!strcmp(op, "rmpread"))
		say_rmpread(a);
	else if (!strcmp(op, "rmpread-at"))
		say_rmpread_at(a);
	else if (!strcmp(op, "raw"))
		say_raw(a, b, c);
	else if (!strcmp(op, "lag"))
		say_lag(a, b);
	else if (!strcmp(op, "rdtsc-rmpread"))
		on_cpu(a, do_rdtsc_rmpread, &rq);
	else if (!strcmp(op, "lookup"))
		say_lookup(a);
	else if (!strcmp(op, "private"))
		say(rmp_make_private(a, 0, c == 2 ? PG_LEVEL_2M : PG_LEVEL_4K, b, false));
	else if (!strcmp(op, "shared"))
		say(rmp_make_shared(a, b == 2 ? PG_LEVEL_2M : PG_LEVEL_4K));
	else if (!strcmp(op, "smash"))
		say(psmash(a));
	else if (!strcmp(op, "race"))
		race(a, b, c);
	else if (!strcmp(op, "hold"))
		start_hold(a, b);
	else if (!strcmp(op, "held"))
		say(!READ_ONCE(held_done));
	else
		return -EINVAL;
	return 0;
}

/* What has to run with interrupts enabled. */
static int by_work(u64 cpu, u64 count, long (*work)(void *))
{
	struct request rq = { .rax = CLEAR_REGION * GIB, .count = count };
	int error = work_on_cpu(cpu, work, &rq);

	say(rq.result);
	return error;
}

static ssize_t run_write(struct file *file, const char __user *buf, size_t len, loff_t *pos)
{
	unsigned long long a = 0, b = 0, c = 0;
	char line[96], op[16];
	int error;

	if (len >= sizeof(line) || copy_from_user(line, buf, len))
		return -EINVAL;
	line[len] = '\0';
	if (sscanf(line, "%15s %lli %lli %lli", op, (long long *)&a, (long long *)&b, (long long *)&c) < 1)
		return -EINVAL;
	mutex_lock(&lock);
	if (!strcmp(op, "carry"))
		error = by_work(a, b, work_carry);
	else if (!strcmp(op, "flags"))
		error = by_work(a, b, work_flags);
	else
		error = perform(op, a, b, c);
	mutex_unlock(&lock);
	return error ? error : len;
}

static ssize_t run_read(struct file *file, char __user *buf, size_t len, loff_t *pos)
{
	return simple_read_from_buffer(buf, len, pos, answer, strlen(answer));
}

static const struct file_operations run_fops = {
	.owner = THIS_MODULE,
	.read = run_read,
	.write = run_write,
};

static int __init selftest_init(void)
{
	dir = debugfs_create_dir("machine_selftest", NULL);
	debugfs_create_file("run", 0600, dir, NULL, &run_fops);
	return 0;
}

static void __exit selftest_exit(void)
{
	flush_work(&hold);
	debugfs_remove(dir);
}

module_init(selftest_init);
module_exit(selftest_exit);
MODULE_LICENSE("GPL");
MODULE_DESCRIPTION("Kernel-mode half of the emulated machine's own tests");
