// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

void probe_unlinked(struct se_portal_group *se_tpg, struct se_lun *lun);

const struct target_core_fabric_ops probe = {
	.fabric_post_unlink = probe_unlinked,
};
