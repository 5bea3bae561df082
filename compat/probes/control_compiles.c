// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

void probe(void);
void probe(void)
{
	pr_info("this must compile\n");
}
