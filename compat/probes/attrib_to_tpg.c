// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>

int probe(struct config_item *item);
int probe(struct config_item *item)
{
	return attrib_to_tpg(item) == to_tpg(item);
}
