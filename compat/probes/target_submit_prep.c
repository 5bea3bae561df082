// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

int probe(struct se_cmd *cmd, unsigned char *cdb);
int probe(struct se_cmd *cmd, unsigned char *cdb)
{
	return target_submit_prep(cmd, cdb, NULL, 0, NULL, 0, NULL, 0,
				  GFP_ATOMIC);
}
