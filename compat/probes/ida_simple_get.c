// SPDX-License-Identifier: GPL-2.0-only
#include <linux/idr.h>

const void *probe = ida_simple_get;
