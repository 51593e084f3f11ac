// SPDX-License-Identifier: GPL-2.0
/*
 * src/host, built a second time: two modules can't share an object, as its
 * messages begin with the name of the module.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "host/hw.c"
#include "host/host.c"
#include "host/host_rmp.c"
#include "plan/coverage.c"
