// SPDX-License-Identifier: GPL-2.0-only
/*
 * src/entry.c, but for target cores whose node ACLs have an array of entries
 * and count them in another way (before 4.3): nothing is mended there.
 */
#include "tcm_loop_probed.h"

#ifdef COMPAT_HAS_se_lun_rcu_head
#include "../src/entry.c"
#else
#include "tcm_loop.h"

/**
 * tcm_loop_session_has_luns - is there an entry for each LUN of the TPG?
 * @session: a session
 * @but: how many LUNs have none, because another has their number
 *
 * Any context.
 *
 * Return: true, as the array has one for each number.
 */
bool tcm_loop_session_has_luns(struct se_session *session, unsigned int but)
{
	return true;
}
#endif
