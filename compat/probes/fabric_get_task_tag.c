// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

u32 probe_tag(struct se_cmd *cmd);

const struct target_core_fabric_ops probe = { .get_task_tag = probe_tag };
