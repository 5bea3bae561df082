// SPDX-License-Identifier: GPL-2.0-only
#include <linux/slab.h>

void *probe(void);
void *probe(void)
{
	return kmalloc_array(1, 1, GFP_KERNEL);
}
