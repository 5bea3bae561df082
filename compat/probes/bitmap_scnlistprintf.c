// SPDX-License-Identifier: GPL-2.0-only
#include <linux/bitmap.h>

int probe(char *buffer, unsigned long *map);
int probe(char *buffer, unsigned long *map)
{
	return bitmap_scnlistprintf(buffer, 1, map, 1);
}
