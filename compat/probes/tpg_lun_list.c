// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>

void *probe(struct se_portal_group *tpg);
void *probe(struct se_portal_group *tpg)
{
	return tpg->tpg_lun_list;
}
