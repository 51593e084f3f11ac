/* SPDX-License-Identifier: GPL-2.0 */
/*
 * A host where instructions fault: what the tests of it have in common.
 */
#ifndef RMPOPT_FAULT_HOST_H
#define RMPOPT_FAULT_HOST_H

#include "plan_host.h"

#define BAD	3	/* the region that faults */

/* By core: whether BAD faults there. */
extern bool broken[32];

bool is_broken(u32 c, u32 place);
void break_all(bool how);
int fault_setup(void **state);
void two_nodes(u32 cores);
bool optimized(u32 place);
bool is_clean(void);
void wait_for_try(void);
void until_followers(void);

#define FAULTS(name) cmocka_unit_test_setup_teardown(name, fault_setup, host_teardown)

#endif /* RMPOPT_FAULT_HOST_H */
