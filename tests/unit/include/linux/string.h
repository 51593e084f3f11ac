/* SPDX-License-Identifier: GPL-2.0 */
/* Stand-in for the kernel's header, for the unit tests of plain C. */
#include <string.h>
