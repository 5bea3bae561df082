// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

void probe(struct se_cmd *cmd);
void probe(struct se_cmd *cmd)
{
	target_execute_cmd(cmd);
}
