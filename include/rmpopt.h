/* SPDX-License-Identifier: GPL-2.0 */
/*
 * rmpopt: what other modules may ask for.
 *
 * A module that has just given memory of an SEV-SNP guest back may ask for a
 * scan instead of leaving it to the next one. Where hooks are attached
 * (/sys/kernel/rmpopt/hooks) pages are seen to come back without that.
 */
#ifndef RMPOPT_H
#define RMPOPT_H

/**
 * enum rmpopt_when - when a requested scan starts
 * @RMPOPT_SCAN_NOW: as soon as the worker is free
 * @RMPOPT_SCAN_LATER: after the quiet period (parameter delay_ms)
 */
enum rmpopt_when {
	RMPOPT_SCAN_NOW,
	RMPOPT_SCAN_LATER,
};

int rmpopt_scan(enum rmpopt_when when);

#endif /* RMPOPT_H */
