// SPDX-License-Identifier: GPL-2.0-only
#include <linux/idr.h>

int probe(struct ida *ida);
int probe(struct ida *ida)
{
	return ida_alloc_max(ida, 1, GFP_KERNEL);
}
