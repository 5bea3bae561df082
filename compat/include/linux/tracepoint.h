/* SPDX-License-Identifier: GPL-2.0-only */
/* No guard: the kernel includes its own again for each of its stages. */
#include_next <linux/tracepoint.h>

/* Before 4.1 user space has to know the values of an enum's names by itself. */
#ifndef TRACE_DEFINE_ENUM
#define TRACE_DEFINE_ENUM(name)
#endif
