/* SPDX-License-Identifier: GPL-2.0 */
/*
 * The module as libkmod sees it.
 */
#ifndef RMPOPTCTL_KMOD_H
#define RMPOPTCTL_KMOD_H

#include <libkmod.h>

#include "check.h"

#define MODULE_NAME	"rmpopt"

/* For this kernel; "dkms autoinstall" skips a module that is installed already. */
#define DKMS_BUILD_AGAIN \
	"dkms build --force rmpopt/" RMPOPT_VERSION " && dkms install --force rmpopt/" RMPOPT_VERSION

#define KMOD_INSTALL "install the package rmpopt-dkms (RPM: dkms-rmpopt), or run make install in the sources"

/* Where kmod_places[] are to be searched by hand; /lib is a link to /usr/lib. */
#define KMOD_FOLDERS "/etc/modprobe.d /run/modprobe.d /usr/local/lib/modprobe.d /usr/lib/modprobe.d"
#define FIND_INSTALL "find it with: grep -rs 'install rmpopt' " KMOD_FOLDERS

extern const char * const kmod_places[];
struct kmod_module *kmod_loaded(struct kmod_ctx **ctx, const char *name);
struct kmod_module *kmod_find(struct kmod_ctx **ctx, const char *name);
struct kmod_module *kmod_open(struct kmod_ctx **ctx);
struct kmod_ctx *kmod_bare(void);
void kmod_close(struct kmod_ctx *ctx, struct kmod_module *module);
const char *kmod_path(struct kmod_module *module);
char *kmod_fact(struct kmod_module *module, const char *key);
struct answer kmod_answer(struct answer (*look)(struct kmod_module *module));

/* load.c */
int load_log(void);
const char *load_why_not(int error, int log, const char *word);
const char *load_why_stays(int error);

#endif /* RMPOPTCTL_KMOD_H */
