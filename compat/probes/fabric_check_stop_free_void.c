// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

void probe_free(struct se_cmd *cmd);

const struct target_core_fabric_ops probe = { .check_stop_free = probe_free };
