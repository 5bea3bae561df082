// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

void *probe(int value);
void *probe(int value)
{
	return value;
}
