// SPDX-License-Identifier: GPL-2.0
/*
 * CPUID and MSRs of this host, or of a saved tree as records of hexadecimal
 * numbers (cpu is decimal).
 */
#include <cpuid.h>
#include <errno.h>
#include <fcntl.h>
#include <string.h>
#include <unistd.h>

#include "ctl.h"
#include "hw.h"

static bool hex_cell(const struct records *records, size_t row,
		     const char *column, u64 *value)
{
	const char *text = record_text(records, row, column);

	return text && parse_hex(text, value);
}

static bool is_leaf(const struct records *saved, size_t row, u32 leaf,
		    u32 subleaf)
{
	u64 value;

	return hex_cell(saved, row, "leaf", &value) && value == leaf &&
	       hex_cell(saved, row, "subleaf", &value) && value == subleaf;
}

static bool saved_cpuid(u32 leaf, u32 subleaf, struct cpuid *regs)
{
	struct records *saved = records_read(SAVED_CPUID);
	u64 a, b, c, d;
	size_t i;

	for (i = 0; i < records_count(saved); i++) {
		if (!is_leaf(saved, i, leaf, subleaf) ||
		    !hex_cell(saved, i, "eax", &a) ||
		    !hex_cell(saved, i, "ebx", &b) ||
		    !hex_cell(saved, i, "ecx", &c) ||
		    !hex_cell(saved, i, "edx", &d))
			continue;
		*regs = (struct cpuid){ a, b, c, d };
		return true;
	}
	return false;
}

/* False if there is no such leaf. */
bool hw_cpuid(u32 leaf, u32 subleaf, struct cpuid *regs)
{
	if (options.sysroot)
		return saved_cpuid(leaf, subleaf, regs);
	return __get_cpuid_count(leaf, subleaf, &regs->eax, &regs->ebx,
				 &regs->ecx, &regs->edx);
}

bool hw_has_rmpopt(void)
{
	struct cpuid regs;

	return hw_cpuid(CPUID_RMP, 0, &regs) && (regs.edx & CPUID_EDX_RMPOPT);
}

static int saved_msr(u32 cpu, u32 msr, u64 *value)
{
	/* Asked for each CPU, read once. */
	static struct records *saved;
	u64 number;
	size_t i;

	if (!saved)
		saved = records_read(SAVED_MSR);
	if (!saved)
		return -ENODATA;
	for (i = 0; i < records_count(saved); i++)
		if (record_number(saved, i, "cpu", &number) && number == cpu &&
		    hex_cell(saved, i, "msr", &number) && number == msr &&
		    hex_cell(saved, i, "value", value))
			return 0;
	return -EIO;
}

/* 0, -ENOENT no driver, -EIO no such MSR, -ENODATA none were saved, or another errno. */
int hw_msr(u32 cpu, u32 msr, u64 *value)
{
	int fd, error = 0;

	if (options.sysroot)
		return saved_msr(cpu, msr, value);
	fd = open(format("/dev/cpu/%u/msr", cpu), O_RDONLY | O_CLOEXEC);
	if (fd < 0)
		return -errno;
	errno = EIO;
	if (pread(fd, value, sizeof(*value), msr) != sizeof(*value))
		error = -errno;
	close(fd);
	return error;
}

/* What to do about an error of hw_msr(). */
const char *hw_msr_fix(int error)
{
	switch (error) {
	case -ENOENT:
	case -ENXIO:
		return "modprobe msr, then check again";
	case -EACCES:
	case -EPERM:
		return "run this as root";
	case -ENODATA:
		return "none were saved: as root, modprobe msr, then status --save";
	default:
		return "this CPU has no such MSR";
	}
}
