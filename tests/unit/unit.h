/* SPDX-License-Identifier: GPL-2.0 */
/* What every unit test needs before cmocka's own header. */
#ifndef RMPOPT_UNIT_H
#define RMPOPT_UNIT_H

#include <setjmp.h>
#include <stdarg.h>
#include <stddef.h>
#include <stdint.h>
#include <cmocka.h>

#endif /* RMPOPT_UNIT_H */
