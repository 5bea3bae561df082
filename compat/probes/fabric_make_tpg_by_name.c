// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

struct se_portal_group *probe_make(struct se_wwn *wwn, const char *name);

const struct target_core_fabric_ops probe = { .fabric_make_tpg = probe_make };
