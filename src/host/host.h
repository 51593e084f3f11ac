/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The host: does it have RMPOPT, what does its RMP cover, is SNP initialised?
 */
#ifndef RMPOPT_HOST_H
#define RMPOPT_HOST_H

#include <linux/types.h>

struct coverage;
struct hw_rmp_entry;

/**
 * struct host_segment - a segment of the RMP that is in use
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

/**
 * enum host_snp - is SNP initialised?
 * @HOST_SNP_OFF: no: SnpEn is clear, or the RMP's own pages are not assigned
 * @HOST_SNP_UNKNOWN: SnpEn is set, but the RMP could not be read
 * @HOST_SNP_READY: yes
 */
enum host_snp {
	HOST_SNP_OFF,
	HOST_SNP_UNKNOWN,
	HOST_SNP_READY,
};

/* host.c */
int host_check(void);
const char *host_only_views(void);
bool host_tables_may_be_in_use(void);
bool host_knows_owners(void);
int host_read_page(u64 spa, struct hw_rmp_entry *entry);
bool host_has_function(const char *name);
bool host_is_housekeeper(unsigned int cpu);

enum host_snp host_snp(bool init_check, const char **lacks);

/* host_rmp.c */
bool host_rmp_is_segmented(void);
u64 host_rmp_base(void);
int host_coverage(struct coverage *cov);
u64 host_reach(void);
u64 host_first_entry(void);
u64 host_rmp_address(u32 region);
bool host_segment(u32 i, struct host_segment *segment);

#endif /* RMPOPT_HOST_H */
