// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>

void *probe(struct se_device *dev);
void *probe(struct se_device *dev)
{
	return &dev->dev_group;
}
