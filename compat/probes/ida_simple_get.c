// SPDX-License-Identifier: GPL-2.0-only
#include <linux/idr.h>

int probe(struct ida *ida);
int probe(struct ida *ida)
{
	int id = ida_simple_get(ida, 0, 1, GFP_KERNEL);

	ida_simple_remove(ida, id);
	return id;
}
