// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

int probe_only(struct se_portal_group *tpg);

const struct target_core_fabric_ops probe = { .tpg_check_prot_fabric_only =
						      probe_only };
