// SPDX-License-Identifier: GPL-2.0
/*
 * Commands that concern the platform: INIT, SHUTDOWN, status, and those of the
 * older SEV interface without which Linux doesn't go on.
 */
#include <stddef.h>
#include <string.h>

#include "psp.h"

/* Numbers and structures: include/linux/psp-sev.h. */
enum {
	SEV_INIT = 0x01, SEV_SHUTDOWN = 0x02, SEV_FACTORY_RESET = 0x03, SEV_PLATFORM_STATUS = 0x04,
	SEV_PEK_GEN = 0x06, SEV_PDH_GEN = 0x08, SEV_DF_FLUSH = 0x0a,
	SNP_INIT = 0x81, SNP_SHUTDOWN = 0x82, SNP_PLATFORM_STATUS = 0x83, SNP_DF_FLUSH = 0x84,
	SNP_INIT_EX = 0x85, SNP_SHUTDOWN_EX = 0x86, SNP_CONFIG = 0xc9, SNP_COMMIT = 0xcb,
	SNP_FEATURE_INFO = 0xce,
};

#define API_MAJOR		1
#define API_MINOR		55
#define BUILD			40
#define STATUS_FEATURE_INFO	8u
#define FEATURE_X86_SHUTDOWN	2u		/* ECX; without it Linux looks at the IOMMU's pages */
#define SHUTDOWN_X86		2u

struct sev_init {
	u32 flags, reserved;
	u64 tmr;
	u32 tmr_length;
} __attribute__((packed));

struct sev_status {
	u8 major, minor, state;
	u32 flags;
	u8 build;
	u32 guests;
} __attribute__((packed));

struct snp_status {
	u8 major, minor, state, rmp_initialized;
	u32 build, flags, guests;
	u64 tcb[2];
};

struct snp_init_ex {
	u32 flags, reserved;
	u64 list;
};

#define INIT_EX_LIST	2u

struct range_list {
	u32 count, reserved;
	struct {
		u64 base;
		u32 pages, reserved;
	} range[];
};

struct snp_shutdown_ex {
	u32 length, flags;
};

struct snp_feature_info {
	u32 length, index;
	u64 address;
};

static bool legacy_init;

/* Is the older interface initialised? */
bool psp_legacy_ready(void)
{
	return legacy_init;
}

void psp_platform_forget(void)
{
	legacy_init = false;
}

enum psp_status psp_output(u64 address, const void *data, size_t size)
{
	void *page = dma_address(address, size);

	if (!page)
		return PSP_ADDRESS;
	if (machine.init_done && psp_page_state(address) != MACHINE_PAGE_FIRMWARE)
		return PSP_PAGE_STATE;
	memcpy(page, data, size);
	if (machine.init_done)
		psp_page_become(address, MACHINE_PAGE_RECLAIM, 0, 0);
	return PSP_OK;
}

static bool firmware_range(u64 address, u64 length)
{
	for (u64 at = address; at < address + length; at += 1u << PAGE_SHIFT)
		if (psp_page_state(at) != MACHINE_PAGE_FIRMWARE)
			return false;
	return true;
}

/* The TMR is the firmware's for good, hence its own page once there is an RMP. */
static enum psp_status sev_init(void *buffer)
{
	const struct sev_init *init = buffer;

	if (!init)
		return PSP_ADDRESS;
	if (legacy_init)
		return PSP_PLATFORM_STATE;
	if (machine.init_done && !firmware_range(init->tmr, init->tmr_length))
		return PSP_PAGE_STATE;
	legacy_init = true;
	return PSP_OK;
}

static enum psp_status sev_shutdown(void *buffer)
{
	legacy_init = false;
	return PSP_OK;
}

/* The buffer itself is written; the kernel turns it over to the firmware for that. */
static enum psp_status sev_platform_status(void *buffer)
{
	const struct sev_status status = {
		API_MAJOR, API_MINOR, legacy_init, 0, BUILD, psp_guests(),
	};

	if (!buffer)
		return PSP_ADDRESS;
	memcpy(buffer, &status, sizeof(status));
	return PSP_OK;
}

static enum psp_status df_flush(void *buffer)
{
	psp_guests_flush();
	return PSP_OK;
}

static enum psp_status accept(void *buffer)
{
	return PSP_OK;
}

/* What software has to have done on every CPU (AMD's ABI, SNP_INIT_EX; the status is [I]). */
static bool prepared(void)
{
	for (unsigned int cpu = 0; cpu < machine.vcpus; cpu++)
		if (!snp_enabled(cpu) || machine.vcpu[cpu].hsave_pa)
			return false;
	return true;
}

static enum psp_status snp_init_command(void *buffer)
{
	if (machine.init_done)
		return PSP_PLATFORM_STATE;
	if (!prepared())
		return PSP_CONFIG;
	snp_init();
	psp_guests_forget();
	return PSP_OK;
}

/* Pages that are the firmware's already, or that no RMP covers, are left alone [I]. */
static void fix_range(u64 base, u32 pages)
{
	const struct rmp_page fixed = { .immutable = true };
	struct rmp_page page;
	bool huge;

	for (u64 pfn = base >> PAGE_SHIFT; pages--; pfn++)
		if (rmp_get(pfn, &page, &huge) && !page.assigned)
			rmp_set(pfn, &fixed, false);
}

static enum psp_status snp_init_ex(void *buffer)
{
	const struct snp_init_ex *init = buffer;
	const struct range_list *list;
	enum psp_status status;

	if (!init)
		return PSP_ADDRESS;
	list = dma_address(init->list, 1u << PAGE_SHIFT);
	if (init->flags & INIT_EX_LIST &&
	    (!list || list->count > ((1u << PAGE_SHIFT) - sizeof(*list)) / sizeof(list->range[0])))
		return PSP_ADDRESS;
	status = snp_init_command(NULL);
	if (status || !(init->flags & INIT_EX_LIST))
		return status;
	for (u32 i = 0; i < list->count; i++)
		fix_range(list->range[i].base, list->range[i].pages);
	return PSP_OK;
}

static enum psp_status shut_down(bool x86)
{
	if (!machine.init_done)
		return PSP_PLATFORM_STATE;
	if (psp_guests_dirty())
		return PSP_DFFLUSH_REQUIRED;
	psp_guests_forget();
	machine.init_done = false;
	if (x86)
		snp_disable();
	return PSP_OK;
}

static enum psp_status snp_shutdown(void *buffer)
{
	return shut_down(false);
}

static enum psp_status snp_shutdown_ex(void *buffer)
{
	const struct snp_shutdown_ex *shutdown = buffer;

	return shutdown ? shut_down(shutdown->flags & SHUTDOWN_X86) : PSP_ADDRESS;
}

static enum psp_status snp_platform_status(void *buffer)
{
	const struct snp_status status = {
		.major = API_MAJOR, .minor = API_MINOR, .state = machine.init_done,
		.rmp_initialized = machine.init_done, .build = BUILD,
		.flags = STATUS_FEATURE_INFO, .guests = psp_guests(),
	};

	return buffer ? psp_output(*(u64 *)buffer, &status, sizeof(status)) : PSP_ADDRESS;
}

static enum psp_status snp_feature_info(void *buffer)
{
	const struct snp_feature_info *info = buffer;
	const u32 features[4] = { 0, 0, info && !info->index ? FEATURE_X86_SHUTDOWN : 0, 0 };

	return info ? psp_output(info->address, features, sizeof(features)) : PSP_ADDRESS;
}

static const psp_command platform_commands[PSP_COMMANDS] = {
	[SEV_INIT] = sev_init, [SEV_SHUTDOWN] = sev_shutdown, [SEV_FACTORY_RESET] = accept,
	[SEV_PLATFORM_STATUS] = sev_platform_status, [SEV_PEK_GEN] = accept,
	[SEV_PDH_GEN] = accept, [SEV_DF_FLUSH] = df_flush,
	[SNP_INIT] = snp_init_command, [SNP_SHUTDOWN] = snp_shutdown,
	[SNP_PLATFORM_STATUS] = snp_platform_status, [SNP_DF_FLUSH] = df_flush,
	[SNP_INIT_EX] = snp_init_ex, [SNP_SHUTDOWN_EX] = snp_shutdown_ex,
	[SNP_CONFIG] = accept, [SNP_COMMIT] = accept, [SNP_FEATURE_INFO] = snp_feature_info,
};

psp_command psp_platform_command(unsigned int command)
{
	return platform_commands[command];
}
