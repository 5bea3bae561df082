// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

int probe_status(struct se_cmd *cmd);

const struct target_core_fabric_ops probe = { .write_pending_status =
						      probe_status };
