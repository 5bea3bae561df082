// SPDX-License-Identifier: GPL-2.0-only
/*
 * The mark of a module that ALLOW_UNKNOWN=1 has built for a kernel which has
 * something in none of its known forms: "modinfo -F unknown tcm_loop".
 */
#include <linux/module.h>

#include "compat.h"

#ifdef COMPAT_UNKNOWN
MODULE_INFO(unknown, COMPAT_UNKNOWN);
#endif
