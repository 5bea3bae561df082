// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

void probe(struct se_node_acl *nacl);
void probe(struct se_node_acl *nacl)
{
	core_allocate_nexus_loss_ua(nacl);
}
