// SPDX-License-Identifier: GPL-2.0-only
/*
 * The I_T nexus of a TPG: made, shown, dropped.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>

#include "tcm_loop.h"
#include "tcm_loop_trace.h"

static struct se_session *tcm_loop_session(struct tcm_loop_tpg *tpg)
{
	return rcu_dereference_protected(tpg->session,
					 lockdep_is_held(&tpg->nexus_lock));
}

/* One more than the first is enough if a LUN was just being linked. */
#define TCM_LOOP_NEXUS_TRIES 4

/* tpg->nexus_lock is held. */
static struct se_session *tcm_loop_session_make(struct tcm_loop_tpg *tpg,
						const char *initiator)
{
	struct se_session *session;
	int tries;

	lockdep_assert_held(&tpg->nexus_lock);
	for (tries = 0; tries < TCM_LOOP_NEXUS_TRIES; tries++) {
		session = target_setup_session(&tpg->se_tpg, 0, 0,
					       TARGET_PROT_DIN_PASS |
						       TARGET_PROT_DOUT_PASS,
					       initiator, NULL, NULL);
		if (IS_ERR(session) ||
		    tcm_loop_session_has_luns(session, tcm_loop_lun_twins(tpg)))
			return session;
		target_remove_session(session);
	}
	return ERR_PTR(-ENOMEM);
}

/**
 * tcm_loop_nexus_make - make the I_T nexus and let the linked LUNs appear
 * @tpg: the target port
 * @initiator: the initiator port's name
 *
 * Waits for LUNs that are being unlinked.  May sleep.
 *
 * Return: 0; -EEXIST if there is a nexus; else what the target core said.
 */
int tcm_loop_nexus_make(struct tcm_loop_tpg *tpg,
			const struct protocol_name *initiator)
{
	struct se_session *session;
	int ret = 0;

	mutex_lock(&tpg->nexus_lock);
	if (tcm_loop_session(tpg)) {
		ret = -EEXIST;
		goto out_unlock;
	}
	tcm_loop_luns_wait(tpg);
	/* The core asks for the ISID while it sets up the session. */
	tpg->initiator = *initiator;
	tcm_loop_fabric_has_isid(tpg, initiator->isid[0]);
	session = tcm_loop_session_make(tpg, protocol_name_of_port(initiator));
	if (IS_ERR(session)) {
		ret = PTR_ERR(session);
		goto out_unlock;
	}
	rcu_assign_pointer(tpg->session, session);
	trace_tcm_loop_nexus(tpg, initiator->text);

out_unlock:
	mutex_unlock(&tpg->nexus_lock);
	if (!ret)
		tcm_loop_lun_scan_all(tpg);
	return ret;
}

/**
 * tcm_loop_nexus_drop - drop the I_T nexus
 * @tpg: the target port
 *
 * Waits for the commands in flight and for LUNs that are being unlinked.  May
 * sleep.
 *
 * Return: 0; -ENODEV without a nexus; -EPERM while LUNs are linked.
 */
int tcm_loop_nexus_drop(struct tcm_loop_tpg *tpg)
{
	unsigned long grace_period;
	struct se_session *session;
	unsigned int luns;
	int ret = 0;

	mutex_lock(&tpg->nexus_lock);
	session = tcm_loop_session(tpg);
	if (!session) {
		ret = -ENODEV;
		goto out_unlock;
	}
	luns = tcm_loop_lun_count(tpg);
	if (luns) {
		tcm_loop_limited(
			pr_err,
			"%s tpgt_%u: the nexus is in use by %u LUNs; unlink them first\n",
			tpg->host->name.text, tpg->tpgt, luns);
		ret = -EPERM;
		goto out_unlock;
	}

	tcm_loop_luns_wait(tpg);
	RCU_INIT_POINTER(tpg->session, NULL);
	grace_period = get_state_synchronize_rcu();
	/* Who has found the session has a reference, or is refused it. */
	target_stop_session(session);
	target_wait_for_sess_cmds(session);
	/* Most often that took one, so this need not wait. */
	cond_synchronize_rcu(grace_period);
	target_remove_session(session);
	trace_tcm_loop_nexus(tpg, "NULL");

out_unlock:
	mutex_unlock(&tpg->nexus_lock);
	return ret;
}

/**
 * tcm_loop_nexus_show - print the initiator port's name as it was written
 * @tpg: the target port
 * @page: where to
 * @size: its size
 *
 * May sleep.
 *
 * Return: the length printed, or -ENODEV without a nexus.
 */
ssize_t tcm_loop_nexus_show(struct tcm_loop_tpg *tpg, char *page, size_t size)
{
	const struct protocol_name *name = &tpg->initiator;
	ssize_t ret = -ENODEV;

	mutex_lock(&tpg->nexus_lock);
	if (tcm_loop_session(tpg))
		ret = scnprintf(page, size, "%s%s%s%s\n",
				name->protocol == PROTOCOL_ID_FCP ? "fc." : "",
				name->text, name->isid[0] ? ",i,0x" : "",
				name->isid);
	mutex_unlock(&tpg->nexus_lock);
	return ret;
}

/**
 * tcm_loop_nexus_loss - let the initiator see that the nexus was lost
 * @tpg: the target port
 *
 * Every LUN of the nexus gets a unit attention, I_T NEXUS LOSS OCCURRED
 * (SAM-5 r21, 6.3.4).  May sleep.
 */
void tcm_loop_nexus_loss(struct tcm_loop_tpg *tpg)
{
	struct se_session *session;

	mutex_lock(&tpg->nexus_lock);
	session = tcm_loop_session(tpg);
	if (session)
		core_allocate_nexus_loss_ua(session->se_node_acl);
	mutex_unlock(&tpg->nexus_lock);
}
