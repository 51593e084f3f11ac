// SPDX-License-Identifier: GPL-2.0
/*
 * Tracepoints are defined here; trace.h says what they tell.
 */
#define CREATE_TRACE_POINTS
#include "trace.h"
