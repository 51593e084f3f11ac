// SPDX-License-Identifier: GPL-2.0
/* Exit status 0 if this CPU has RMPOPT: CPUID Fn8000_0025 EDX[0]. */
#include <cpuid.h>

int main(void)
{
	unsigned int a, b, c, d;

	/* __get_cpuid() asks for the highest leaf first. */
	return !(__get_cpuid_count(0x80000025, 0, &a, &b, &c, &d) && d & 1);
}
