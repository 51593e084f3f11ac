/* SPDX-License-Identifier: GPL-2.0 */
/*
 * How programs and modules inside the emulated SNP host call the machine.
 */
#ifndef RMPOPT_TESTS_CALL_H
#define RMPOPT_TESTS_CALL_H

#include "control.h"

/**
 * machine_call - ask the machine
 * @op: what
 * @abc: the arguments; the results overwrite them
 *
 * Return: 0, or an errno value.
 */
static inline unsigned long machine_call(enum machine_op op, unsigned long abc[3])
{
	unsigned long rax = MACHINE_LEAF | op;

	/*
	 * The jump ends a block of QEMU's: at the beginning of one it has all flags
	 * computed, so that an interrupt behind CPUID finds them as they were.
	 */
	__asm__ volatile("jmp 1f; 1: cpuid"
			 : "+a" (rax), "+b" (abc[0]), "+c" (abc[1]), "+d" (abc[2])
			 : : "memory");
	return rax;
}

#endif /* RMPOPT_TESTS_CALL_H */
