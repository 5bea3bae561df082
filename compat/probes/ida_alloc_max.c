// SPDX-License-Identifier: GPL-2.0-only
#include <linux/idr.h>

int probe(struct ida *ida);
int probe(struct ida *ida)
{
	int id = ida_alloc_max(ida, 1, GFP_KERNEL);

	ida_free(ida, id);
	return id;
}
