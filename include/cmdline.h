/* SPDX-License-Identifier: GPL-2.0 */
#ifndef RMPOPT_CMDLINE_H
#define RMPOPT_CMDLINE_H

#include <linux/types.h>

bool cmdline_disables(void);

#endif /* RMPOPT_CMDLINE_H */
