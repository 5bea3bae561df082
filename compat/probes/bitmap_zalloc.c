// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bitmap.h>
#include <linux/slab.h>

unsigned long *probe(void);
unsigned long *probe(void)
{
	return bitmap_zalloc(1, GFP_KERNEL);
}
