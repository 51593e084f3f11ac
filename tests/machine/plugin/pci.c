// SPDX-License-Identifier: GPL-2.0
/*
 * The two devices as the PCI bus sees them: the PSP (1022:14ca, as in Zen 4, of
 * which Linux' driver needs BAR 2 and one MSI vector) and a southbridge that
 * only is there: Linux 7.3 looks for an SMBus or ISA bridge at 00:14.0 before
 * it trusts interrupt remapping.
 */
#include <string.h>
#include <unistd.h>

#include "psp.h"

#define REGION_CONFIG	7u
#define BAR		2u
#define BAR_SIZE	0x100000u
#define MSI		0x40u		/* capability: id, next, control, address, data */

/* Little endian: vendor and device, command and status, class and revision. */
static const u8 psp_config[256] = {
	[0x00] = 0x22, 0x10, 0xca, 0x14,
	[0x06] = 0x10,				/* there is a capability list */
	[0x08] = 0x00, 0x00, 0x80, 0x10,
	[0x2c] = 0x22, 0x10, 0xca, 0x14,
	[0x34] = MSI,
	[MSI] = 0x05, 0x00, 0x80, 0x00,		/* one vector, 64-bit address */
};

static const u8 fch_config[256] = {
	[0x00] = 0x22, 0x10, 0x0b, 0x79,
	[0x08] = 0x61, 0x00, 0x05, 0x0c,
	[0x2c] = 0x22, 0x10, 0x0b, 0x79,
};

static struct vfio_device psp_device = {
	.socket = "psp.sock", .config = psp_config, .bar_size = { [BAR] = BAR_SIZE },
	.read = psp_read, .write = psp_write, .reset = psp_reset,
};

static struct vfio_device fch_device = { .socket = "fch.sock", .config = fch_config };

/* QEMU emulates BARs and MSI itself; the command register and MSI's are kept for it. */
static bool writable(const struct vfio_device *device, u64 offset)
{
	if (offset == 4 || offset == 5 || offset == 0x3c)
		return true;
	return device->config[0x34] && offset >= MSI + 2 && offset < MSI + 16;
}

void pci_read(struct vfio_device *device, u32 region, u64 offset, u8 *data, u32 count)
{
	u32 value = ~0u;

	memset(data, 0, count);
	if (region == REGION_CONFIG && offset < sizeof(device->now)) {
		memcpy(data, device->now + offset, count < sizeof(device->now) - offset ?
		       count : sizeof(device->now) - offset);
	} else if (region == BAR && device->read) {
		value = device->read(offset & ~3ull) >> 8 * (offset & 3);
		memcpy(data, &value, count < 4 ? count : 4);
	}
}

void pci_write(struct vfio_device *device, u32 region, u64 offset, const u8 *data, u32 count)
{
	u32 value;

	if (region == REGION_CONFIG) {
		for (u32 i = 0; i < count; i++)
			if (writable(device, offset + i))
				device->now[offset + i] = data[i];
	} else if (region == BAR && device->write && count == 4) {
		memcpy(&value, data, 4);
		device->write(offset, value);
	}
}

/* The PSP's one vector; QEMU's main loop does the rest. */
void pci_interrupt(void)
{
	const u64 one = 1;

	if (psp_device.msi >= 0 && write(psp_device.msi, &one, sizeof(one)) != sizeof(one))
		machine_error("psp: the interrupt is lost");
}

static bool start(struct vfio_device *device, const char *folder)
{
	memcpy(device->now, device->config, sizeof(device->now));
	return vfio_serve(device, folder);
}

/* @psp: with it; a kernel may want the southbridge without. */
bool pci_start(const char *folder, bool psp)
{
	return (!psp || start(&psp_device, folder)) && start(&fch_device, folder);
}
