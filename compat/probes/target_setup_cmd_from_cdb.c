// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

int probe(struct se_cmd *cmd);
int probe(struct se_cmd *cmd)
{
	return target_setup_cmd_from_cdb(cmd, NULL);
}
