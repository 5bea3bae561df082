// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

int probe(struct se_cmd *cmd, struct se_session *session);
int probe(struct se_cmd *cmd, struct se_session *session)
{
	return target_submit_cmd_map_sgls(cmd, session, NULL, NULL, 0, 0, 0, 0,
					  0, NULL, 0, NULL, 0, NULL, 0);
}
