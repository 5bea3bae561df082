// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

int probe(const struct target_core_fabric_ops *ops, struct se_wwn *wwn,
	  struct se_portal_group *tpg);
int probe(const struct target_core_fabric_ops *ops, struct se_wwn *wwn,
	  struct se_portal_group *tpg)
{
	return core_tpg_register((void *)ops, wwn, tpg, NULL, 0);
}
