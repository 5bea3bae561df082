// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>

int probe(struct se_cmd *cmd);
int probe(struct se_cmd *cmd)
{
	return cmd->prot_handover;
}
