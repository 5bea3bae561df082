// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

void probe_failure(struct se_cmd *cmd);

const struct target_core_fabric_ops probe = { .new_cmd_failure =
						      probe_failure };
