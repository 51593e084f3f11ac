/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host: can it do RMPOPT at all, what does its RMP cover, is SNP running?
 */
#ifndef RMPOPT_HOST_H
#define RMPOPT_HOST_H

#include <linux/types.h>

struct coverage;

/**
 * struct host_segment - an entry of the RMP segment table that is in use
 * @first: number of the first region that it describes
 * @regions: how many, as far as they are mapped
 * @rmp: where its part of the RMP lies, a system physical address
 * @node: the node of that memory, NUMA_NO_NODE if it is not known
 */
struct host_segment {
	u32 first;
	u32 regions;
	u64 rmp;
	int node;
};

int host_check(void);
int host_coverage(struct coverage *cov);
u64 host_rmp_address(u32 region);
bool host_segment(u32 i, struct host_segment *segment);
const char *host_waits_for(bool init_check);

#endif /* RMPOPT_HOST_H */
