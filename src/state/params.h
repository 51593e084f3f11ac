/* SPDX-License-Identifier: GPL-2.0 */
/*
 * Parameters that can't be changed after load; the others are in tune.h.
 */
#ifndef RMPOPT_PARAMS_H
#define RMPOPT_PARAMS_H

#include <linux/types.h>

/**
 * struct params - as given at load
 * @scan_on_load: first full pass as soon as the state is ready
 * @init_check: check in the RMP that SNP_INIT is done; SnpEn alone is not
 *	enough
 * @hooks: kprobes and module notifiers are allowed
 */
struct params {
	bool scan_on_load;
	bool init_check;
	bool hooks;
};

extern struct params params;

#endif /* RMPOPT_PARAMS_H */
