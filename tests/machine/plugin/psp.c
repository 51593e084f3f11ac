// SPDX-License-Identifier: GPL-2.0
/*
 * The PSP's mailbox: a command is written, done at once, answered by a register
 * and an interrupt; unless a test wants it to fail, or to wait.
 */
#include <errno.h>
#include <string.h>

#include "psp.h"

/* Registers in BAR 2 (C2PMSG_32 and so on; sp-pci.c of Linux' ccp has them for 1022:14ca). */
#define REG_INTEN	0x10690u
#define REG_INTSTS	0x10694u
#define REG_CMDRESP	0x10980u
#define REG_ADDRESS_LO	0x109e0u
#define REG_ADDRESS_HI	0x109e4u
#define REG_BOOTLOADER	0x109ecu
#define REG_CAPABILITY	0x109fcu

#define CAPABILITY_SEV	1u
#define RESP		(1u << 31)
#define WANTS_INTERRUPT	1u
#define COMMAND_SHIFT	16
#define COMPLETE	2u			/* of INTSTS */
#define LARGEST_BUFFER	64u			/* of those that commands have */

static struct {
	u32 inten, intsts, cmdresp, lo, hi;
	bool pending;				/* held back by a test */
} psp;

/* What tests do to a command, and what became of it. */
static struct {
	u64 done, failed;
	u64 fail_times;
	u32 fail_status;
	bool hold;
} commands[PSP_COMMANDS];

u32 psp_read(u32 offset)
{
	switch (offset) {
	case REG_INTEN:
		return psp.inten;
	case REG_INTSTS:
		return psp.intsts;
	case REG_CMDRESP:
		return psp.cmdresp;
	case REG_ADDRESS_LO:
		return psp.lo;
	case REG_ADDRESS_HI:
		return psp.hi;
	case REG_BOOTLOADER:
		return 1;
	case REG_CAPABILITY:
		return CAPABILITY_SEV;
	}
	return 0;
}

static psp_command find(unsigned int number)
{
	psp_command command = psp_platform_command(number);

	return command ?: psp_guest_command(number);
}

static u32 execute(unsigned int number)
{
	psp_command command = find(number);

	if (commands[number].fail_times) {
		commands[number].fail_times--;
		return commands[number].fail_status;
	}
	if (!command)
		return PSP_INVALID_COMMAND;
	return command(dma_address(psp.lo | (u64)psp.hi << 32, LARGEST_BUFFER));
}

static unsigned int number_of(u32 cmdresp)
{
	return cmdresp >> COMMAND_SHIFT & (PSP_COMMANDS - 1);
}

static void complete(void)
{
	unsigned int number = number_of(psp.cmdresp);
	bool interrupt = psp.cmdresp & WANTS_INTERRUPT;
	u32 status = execute(number);

	psp.pending = false;
	if (status)
		commands[number].failed++;
	else
		commands[number].done++;
	psp.cmdresp = RESP | (psp.cmdresp & (PSP_COMMANDS - 1) << COMMAND_SHIFT) | status;
	if (!interrupt || !psp.inten)
		return;
	psp.intsts |= COMPLETE;
	pci_interrupt();
}

void psp_write(u32 offset, u32 value)
{
	switch (offset) {
	case REG_INTEN:
		psp.inten = value;
		break;
	case REG_INTSTS:
		psp.intsts &= ~value;
		break;
	case REG_ADDRESS_LO:
		psp.lo = value;
		break;
	case REG_ADDRESS_HI:
		psp.hi = value;
		break;
	case REG_CMDRESP:
		psp.cmdresp = value & ~RESP;
		psp.pending = true;
		if (!commands[number_of(value)].hold)
			complete();
		break;
	}
}

/* Is a command held back, and which? */
bool psp_pending(u64 *command)
{
	*command = psp.pending ? number_of(psp.cmdresp) : 0;
	return psp.pending;
}

/* Nothing is held back any more; what waits is done now. */
bool psp_release(void)
{
	for (unsigned int i = 0; i < PSP_COMMANDS; i++)
		commands[i].hold = false;
	if (!psp.pending)
		return false;
	complete();
	return true;
}

/* The bus's reset; SNP's state is the platform's and outlives it. */
void psp_reset(void)
{
	memset(&psp, 0, sizeof(psp));
}

/* As at power-on, but for registers: the driver may be there. */
void psp_forget(void)
{
	memset(commands, 0, sizeof(commands));
	psp.pending = false;
	psp_platform_forget();
	psp_guests_forget();
}

int psp_count(u64 command, u64 *done, u64 *failed, u64 *left)
{
	if (command >= PSP_COMMANDS)
		return EINVAL;
	*done = commands[command].done;
	*failed = commands[command].failed;
	*left = commands[command].fail_times;
	return 0;
}

/* The next @times executions of @command fail and do nothing else. */
int psp_fail(u64 command, u64 status, u64 times)
{
	if (command >= PSP_COMMANDS || !status || status > 0xffff)
		return EINVAL;
	commands[command].fail_status = status;
	commands[command].fail_times = times;
	return 0;
}

/* @command is not done, nor answered, before psp_release(). */
int psp_hold(u64 command, u64 on)
{
	if (command >= PSP_COMMANDS || on > 1)
		return EINVAL;
	commands[command].hold = on;
	return 0;
}
