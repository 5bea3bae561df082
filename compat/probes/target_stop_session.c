// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

void probe(struct se_session *session);
void probe(struct se_session *session)
{
	target_stop_session(session);
}
