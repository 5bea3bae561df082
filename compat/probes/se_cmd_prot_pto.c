// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>

void probe(struct se_cmd *cmd);
void probe(struct se_cmd *cmd)
{
	cmd->prot_pto = true;
}
