/* SPDX-License-Identifier: GPL-2.0 */
/*
 * DOC: the emulated PSP
 *
 * A PCI device on a UNIX socket (QEMU's vfio-user-pci is the other end), served
 * by threads of this plugin, so the secure processor and the CPUs share one RMP
 * by memory. vfio-user.c speaks the protocol, pci.c is the bus's side of the
 * two devices, dma.c the guest's memory as they see it, psp.c the mailbox and
 * what tests do to it, psp-platform.c and psp-guest.c the commands.
 *
 * What a command does and which page states it wants is AMD's SEV-SNP firmware
 * ABI (56860) as far as it shows in Linux' drivers/crypto/ccp/sev-dev.c and
 * arch/x86/kvm/svm/sev.c; [I] marks what is inferred from there.
 *
 * Everything here is under machine.lock.
 */
#ifndef MACHINE_PLUGIN_PSP_H
#define MACHINE_PLUGIN_PSP_H

#include "machine.h"

#define PSP_COMMANDS	256u

/* Status of a command; include/uapi/linux/psp-sev.h has all of them. */
enum psp_status {
	PSP_OK			= 0x00,
	PSP_PLATFORM_STATE	= 0x01,
	PSP_GUEST_STATE		= 0x02,
	PSP_CONFIG		= 0x03,
	PSP_ADDRESS		= 0x09,
	PSP_ASID_OWNED		= 0x0c,
	PSP_ASID		= 0x0d,
	PSP_DFFLUSH_REQUIRED	= 0x0f,
	PSP_INVALID_GUEST	= 0x10,
	PSP_INVALID_COMMAND	= 0x11,
	PSP_RESOURCE_LIMIT	= 0x17,
	PSP_PAGE_STATE		= 0x1a,
	PSP_PAGE_OWNER		= 0x1c,
};

/* A command: its buffer in the guest's memory, NULL if there is none. */
typedef enum psp_status (*psp_command)(void *buffer);

/* One of the two devices. */
struct vfio_device {
	const char *socket;		/* file in the folder of sockets */
	const u8 *config;		/* what configuration space reads at start */
	u64 bar_size[6];
	u32 (*read)(u32 offset);	/* the one BAR, 4 bytes each time */
	void (*write)(u32 offset, u32 value);
	void (*reset)(void);
	int msi;			/* eventfd, -1: none */
	u8 now[256];			/* configuration space */
};

/* vfio-user.c */
bool vfio_serve(struct vfio_device *device, const char *folder);

/* pci.c */
bool pci_start(const char *folder, bool psp);
void pci_interrupt(void);
void pci_read(struct vfio_device *device, u32 region, u64 offset, u8 *data, u32 count);
void pci_write(struct vfio_device *device, u32 region, u64 offset, const u8 *data, u32 count);

/* dma.c */
bool dma_map(int fd, u64 offset, u64 address, u64 size);
void *dma_address(u64 address, u64 size);

/* psp.c */
u32 psp_read(u32 offset);
void psp_write(u32 offset, u32 value);
bool psp_pending(u64 *command);
bool psp_release(void);
void psp_reset(void);
void psp_forget(void);
int psp_count(u64 command, u64 *done, u64 *failed, u64 *left);
int psp_fail(u64 command, u64 status, u64 times);
int psp_hold(u64 command, u64 on);

/* psp-platform.c, psp-guest.c */
psp_command psp_platform_command(unsigned int command);
psp_command psp_guest_command(unsigned int command);
void psp_platform_forget(void);
bool psp_legacy_ready(void);
void psp_guests_forget(void);
void psp_guests_flush(void);
bool psp_guests_dirty(void);
unsigned int psp_guests(void);

/* What a page is, at its address; firmware changes it by psp_page_become(). */
enum machine_page_state psp_page_state(u64 address);
void psp_page_become(u64 address, enum machine_page_state state, u64 gpa, u32 asid);
/* Where the firmware may write: a firmware page, once SNP is initialised; it is reclaim then. */
enum psp_status psp_output(u64 address, const void *data, size_t size);

#endif /* MACHINE_PLUGIN_PSP_H */
