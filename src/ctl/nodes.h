/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Whose memory a region is.
 */
#ifndef RMPOPTCTL_NODES_H
#define RMPOPTCTL_NODES_H

#include "ctl.h"

#define NODE_NONE	(-1)

/**
 * struct nodes - memory of NUMA nodes
 * @count: how many nodes have memory
 * @number: their numbers, ascending
 * @spans: how many pieces of memory are known
 * @span: them; regions, and whose they are
 */
struct nodes {
	size_t count;
	int *number;
	size_t spans;
	struct node_span {
		u32 first;
		u32 last;
		int node;
	} *span;
};

void nodes_read(struct nodes *nodes);
int nodes_of(const struct nodes *nodes, u32 region);

#endif /* RMPOPTCTL_NODES_H */
