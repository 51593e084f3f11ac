// SPDX-License-Identifier: GPL-2.0
/*
 * The room below, built a second time: two modules can't share an object, as
 * each has a name of its own for its messages.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include "host/hw.c"
#include "host/host.c"
#include "host/host_rmp.c"
#include "plan/coverage.c"
