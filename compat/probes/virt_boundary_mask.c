// SPDX-License-Identifier: GPL-2.0-only
#include <linux/blkdev.h>

unsigned long probe(struct queue_limits *lim);
unsigned long probe(struct queue_limits *lim)
{
	return lim->virt_boundary_mask;
}
