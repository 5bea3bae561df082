// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

void probe(void);
void probe(void)
{
	tcm_loop_is_not_declared();
}
