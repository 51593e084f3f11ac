/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rmpopt: requests of other modules.
 *
 * A module that has given back memory of an SEV-SNP guest may request a pass
 * instead of waiting for the next one. If hooks are attached
 * (/sys/kernel/rmpopt/hooks), rmpopt sees without it that pages come back.
 */
#ifndef RMPOPT_H
#define RMPOPT_H

/**
 * enum rmpopt_when - when a requested pass starts
 * @RMPOPT_SCAN_NOW: as soon as the worker is free
 * @RMPOPT_SCAN_LATER: after the quiet period (parameter delay_ms)
 */
enum rmpopt_when {
	RMPOPT_SCAN_NOW,
	RMPOPT_SCAN_LATER,
};

int rmpopt_scan(enum rmpopt_when when);

#endif /* RMPOPT_H */
