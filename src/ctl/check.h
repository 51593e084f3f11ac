/* SPDX-License-Identifier: GPL-2.0 */
/*
 * check: conditions, and what was found about them.
 */
#ifndef RMPOPTCTL_CHECK_H
#define RMPOPTCTL_CHECK_H

#include "ctl.h"

enum verdict {
	VERDICT_PASS,
	VERDICT_FAIL,
	VERDICT_SKIP,
	VERDICT_VIEW,
};

/*
 * A condition that fails may let others fail: links connect those that break
 * something with those that need it.
 */
enum link {
	LINK_IOMMU	= 1 << 0,
	/* The kernel is an SNP host. */
	LINK_HOST	= 1 << 1,
	LINK_KVM	= 1 << 2,
	/* SNP is initialised. */
	LINK_SNP	= 1 << 3,
	/* The module can be built. */
	LINK_BUILD	= 1 << 4,
	LINK_SNP_ALL	= LINK_HOST | LINK_KVM | LINK_SNP,
	LINK_ALL	= LINK_IOMMU | LINK_SNP_ALL | LINK_BUILD,
};

/**
 * struct answer - what was found about a condition
 * @verdict: whether it is met; skipped: not known, or no reason to fail;
 *	view: not met, and the module is in view-only mode for it
 * @read: what was read
 * @fix: what to do, a line for each step; NULL for nothing
 * @breaks: what fails because of this
 * @needs: what this fails without
 */
struct answer {
	enum verdict verdict;
	const char *read;
	const char *fix;
	unsigned int breaks;
	unsigned int needs;
};

/**
 * struct condition - something that a host has to have
 * @name: word for scripts
 * @title: for people
 * @look: checks it
 * @breaks: what fails if this fails; 0: see the answer
 * @needs: what it fails without; 0: see the answer
 * @place: whether it decides about others, or is about the module
 */
struct condition {
	const char *name;
	const char *title;
	struct answer (*look)(void);
	unsigned int breaks;
	unsigned int needs;
	enum {
		/* If it fails, the module can't be used here. */
		DECIDES = 1,
		/* It is about the module. */
		OF_MODULE,
	} place;
};

static inline struct answer pass(const char *read)
{
	return (struct answer){ VERDICT_PASS, read };
}

static inline struct answer fail(const char *read, const char *fix)
{
	return (struct answer){ VERDICT_FAIL, read, fix };
}

static inline struct answer skip(const char *read, const char *fix)
{
	return (struct answer){ VERDICT_SKIP, read, fix };
}

/* One more thing that was found wrong; the first one is in an empty answer. */
void check_add(struct answer *answer, const char *read, const char *fix);

static inline struct answer view(const char *read, const char *why)
{
	return (struct answer){ VERDICT_VIEW, read, why };
}

/* check_cpu.c */
bool check_has_segments(void);
bool check_is_segmented(void);
struct answer check_vendor(void);
struct answer check_hypervisor(void);
struct answer check_snp(void);
struct answer check_rmpread(void);
struct answer check_segments(void);
struct answer check_rmpopt(void);
struct answer check_syscfg(void);
struct answer check_rmp_base(void);
struct answer check_rmp_cfg(void);
struct answer check_iommu(void);

/* check_kernel.c */
const char *check_release(void);
bool check_cpu_flag(const char *flag);
bool check_config(const char *word);
struct answer check_kernel(void);
struct answer check_config_sev(void);
struct answer check_config_kprobes(void);
struct answer check_in_kernel(void);

/* check_cmdline.c */
const char *check_value_in(const char *word, const char *name);
bool check_lists(const char *value, const char *word);
struct answer check_kdump(void);
struct answer check_cmdline(void);
bool check_says_yes(const char *value);

/* check_cpus.c */
struct answer check_cpus(void);

/* check_snp.c */
struct answer check_snp_host(void);
struct answer check_kvm_amd(void);
struct answer check_snp_init(void);
bool check_snp_is_on(void);
const char *check_start_snp(void);

/* check_state.c */
bool check_is_loaded(void);
struct answer check_loaded(void);
struct answer check_state(void);
struct answer check_hooks(void);
struct answer check_debugfs(void);

/* check_module.c */
struct answer check_built(void);
struct answer check_vermagic(void);
struct answer check_signature(void);
const char *check_wants_signature(void);
const char *check_lockdown(void);

/* check_key.c */
struct answer check_key(void);

/* check_modprobe.c */
struct answer check_modprobe(void);
struct answer check_blacklist(void);
struct answer check_parameters(void);

#endif /* RMPOPTCTL_CHECK_H */
