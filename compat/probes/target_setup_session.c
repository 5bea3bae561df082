// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

void probe(struct se_portal_group *tpg);
void probe(struct se_portal_group *tpg)
{
	struct se_session *session = target_setup_session(
		tpg, 0, 0, TARGET_PROT_NORMAL, "", NULL, NULL);

	target_remove_session(session);
}
