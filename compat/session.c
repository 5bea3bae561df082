// SPDX-License-Identifier: GPL-2.0-only
/*
 * Sessions that know how many of their commands the target core does not count,
 * and that are made with one call (target_setup_session(), 4.19).
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

#include "compat.h"

#ifndef COMPAT_HAS_target_submit_prep

#undef target_setup_session
#undef target_stop_session
#undef target_remove_session

#ifndef COMPAT_HAS_target_setup_session
static struct se_session *target_setup_session(
	struct se_portal_group *se_tpg, unsigned int tag_num,
	unsigned int tag_size, enum target_prot_op prot_op,
	const char *initiator, void *private,
	int (*callback)(struct se_portal_group *, struct se_session *, void *))
{
	struct se_session *session;
	struct se_node_acl *nacl;

#ifdef COMPAT_HAS_transport_init_session_prot
	session = transport_init_session(prot_op);
#else
	session = transport_init_session();
#endif
	if (IS_ERR(session))
		return session;

	/* The fabric makes the ACL, being in demonstration mode. */
	nacl = core_tpg_check_initiator_node_acl(se_tpg,
						 (unsigned char *)initiator);
	if (!nacl) {
		transport_free_session(session);
		return ERR_PTR(-ENOMEM);
	}
	session->se_node_acl = nacl;
	transport_register_session(se_tpg, nacl, session, private);
	return session;
}

static void target_remove_session(struct se_session *session)
{
	transport_deregister_session_configfs(session);
	transport_deregister_session(session);
}
#endif

/**
 * compat_setup_session - target_setup_session() with a count of commands
 * @se_tpg: the target port
 * @tag_num: as there
 * @tag_size: as there
 * @prot_op: as there
 * @initiator: the initiator port's name
 * @private: must be NULL
 * @callback: must be NULL
 *
 * May sleep.
 *
 * Return: the session, or an ERR_PTR.
 */
struct se_session *compat_setup_session(
	struct se_portal_group *se_tpg, unsigned int tag_num,
	unsigned int tag_size, enum target_prot_op prot_op,
	const char *initiator, void *private,
	int (*callback)(struct se_portal_group *, struct se_session *, void *))
{
	struct compat_session *mine = kzalloc(sizeof(*mine), GFP_KERNEL);
	struct se_session *session;

	if (!mine)
		return ERR_PTR(-ENOMEM);
	atomic_set(&mine->uncounted, 1);
	init_completion(&mine->none);
	/*
	 * All of the session's commands may sleep there, and no other session's
	 * wait for them.  Disks may be swapped to: what frees memory must go on
	 * without any.
	 */
	mine->submit_queue = alloc_workqueue("tcm_loop_submit", WQ_MEM_RECLAIM,
					     WQ_MAX_ACTIVE);
	if (!mine->submit_queue) {
		kfree(mine);
		return ERR_PTR(-ENOMEM);
	}
	session = target_setup_session(se_tpg, tag_num, tag_size, prot_op,
				       initiator, mine, NULL);
	if (IS_ERR(session)) {
		destroy_workqueue(mine->submit_queue);
		kfree(mine);
	}
	return session;
}

/**
 * compat_stop_session - wait for the commands that the target core does not
 * count
 * @session: the session, which no new RCU section finds any more
 *
 * In those that have found it, compat_session_get() refuses it when this is
 * done.  May sleep.
 */
void compat_stop_session(struct se_session *session)
{
	struct compat_session *mine = session->fabric_sess_ptr;

	compat_session_put(mine);
	wait_for_completion(&mine->none);
#ifndef COMPAT_HANDLES_CDB
	target_sess_cmd_list_set_waiting(session);
#endif
}

/**
 * compat_remove_session - target_remove_session()
 * @session: the session, stopped and without commands
 *
 * May sleep.
 */
void compat_remove_session(struct se_session *session)
{
	struct compat_session *mine = session->fabric_sess_ptr;

	target_remove_session(session);
	destroy_workqueue(mine->submit_queue);
	kfree(mine);
}

#endif
