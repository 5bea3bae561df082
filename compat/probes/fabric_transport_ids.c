// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

u8 probe_proto(struct se_portal_group *tpg);

const struct target_core_fabric_ops probe = { .get_fabric_proto_ident =
						      probe_proto };
