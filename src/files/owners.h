/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Owners: whose pages a region holds, as the RMP says now.
 */
#ifndef RMPOPT_OWNERS_H
#define RMPOPT_OWNERS_H

#include <linux/types.h>
#include <linux/xarray.h>

/**
 * struct owners - who has pages of a region
 * @region: the region
 * @error: why the RMP could not be read; then the rest is not valid
 * @stint: ktime in ns at which the reader began to work after its last rest
 * @whole: 2 MiB blocks with one RMP entry of 2 MiB
 * @partial: blocks with assigned pages of 4 KiB
 * @firmware: blocks of both kinds whose first assigned page is firmware's
 * @unknown: pages found whose owner is not known
 * @pages: by ASID: how many pages were found; 0 is firmware
 */
struct owners {
	u32 region;
	int error;
	u64 stint;
	u32 whole;
	u32 partial;
	u32 firmware;
	u32 unknown;
	struct xarray pages;
};

void owners_init(struct owners *owners);
int owners_read(struct owners *owners, u32 region, bool exact);
void owners_forget(struct owners *owners);
int owners_none(u32 region, u64 *stint);

#endif /* RMPOPT_OWNERS_H */
