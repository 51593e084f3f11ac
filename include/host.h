/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host: can it do RMPOPT at all, what does its RMP cover, is SNP running?
 */
#ifndef RMPOPT_HOST_H
#define RMPOPT_HOST_H

#include <linux/types.h>

struct coverage;

int host_check(void);
int host_coverage(struct coverage *cov);
u64 host_rmp_address(u32 region);
const char *host_waits_for(bool init_check);

#endif /* RMPOPT_HOST_H */
