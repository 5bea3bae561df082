// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>

const void *probe = kmalloc_array;
