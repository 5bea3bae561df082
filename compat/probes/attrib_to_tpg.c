// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>

struct se_portal_group *probe(struct config_item *item);
struct se_portal_group *probe(struct config_item *item)
{
	return attrib_to_tpg(item);
}
