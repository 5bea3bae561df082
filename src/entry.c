// SPDX-License-Identifier: GPL-2.0-only
/*
 * The entries that a node ACL has for LUNs (struct se_dev_entry), as far as the
 * target core leaves them wrong: one that is missing, and one that is counted
 * wrongly.
 */
#include <linux/completion.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/spinlock.h>
#include <target/target_core_base.h>

#include "tcm_loop.h"

/**
 * tcm_loop_session_has_luns - is there an entry for each LUN of the TPG?
 * @session: a session; true if its node ACL is the administrator's
 * @but: how many LUNs have none, because another has their number
 *
 * The core does not say when it had no memory for one, and passes over a LUN
 * that is linked between its two steps of making the node ACL.  May sleep; no
 * LUN of the TPG may be in the middle of being unlinked.
 *
 * Return: true if so.
 */
bool tcm_loop_session_has_luns(struct se_session *session, unsigned int but)
{
	struct se_portal_group *se_tpg = session->se_tpg;
	struct se_node_acl *nacl = session->se_node_acl;
	unsigned int luns = 0, entries = 0;
	struct se_dev_entry *entry;
	struct se_lun *se_lun;

	if (!nacl->dynamic_node_acl)
		return true;
	mutex_lock(&se_tpg->tpg_lun_mutex);
	hlist_for_each_entry(se_lun, &se_tpg->tpg_lun_hlist, link)
		luns++;
	mutex_lock(&nacl->lun_entry_mutex);
	hlist_for_each_entry(entry, &nacl->lun_entry_hlist, link)
		entries++;
	mutex_unlock(&nacl->lun_entry_mutex);
	mutex_unlock(&se_tpg->tpg_lun_mutex);
	return entries + but >= luns;
}

/**
 * tcm_loop_entry_hold - get a reference to the entry for a LUN
 * @se_lun: the LUN, of a TPG with one node ACL at most
 *
 * Any context but interrupts.
 *
 * Return: the node ACL's entry; NULL if there is none, or others hold it.
 */
struct se_dev_entry *tcm_loop_entry_hold(struct se_lun *se_lun)
{
	struct se_dev_entry *entry;

	spin_lock(&se_lun->lun_deve_lock);
	entry = list_first_entry_or_null(&se_lun->lun_deve_list,
					 struct se_dev_entry, lun_link);
	if (entry && kref_read(&entry->pr_kref) == 1)
		kref_get(&entry->pr_kref);
	else
		entry = NULL;
	spin_unlock(&se_lun->lun_deve_lock);
	return entry;
}

static void tcm_loop_entry_release(struct kref *kref)
{
	complete(&container_of(kref, struct se_dev_entry, pr_kref)->pr_comp);
}

/**
 * tcm_loop_entry_settle - leave an entry with its first reference alone
 * @entry: what tcm_loop_entry_hold() returned; nobody holds it, or unlinks the
 *	LUN, so that other references are those that were forgotten, and ours
 *may be the place of one that was returned twice
 *
 * Any context but interrupts.
 */
void tcm_loop_entry_settle(struct se_dev_entry *entry)
{
	while (kref_read(&entry->pr_kref) > 1)
		kref_put(&entry->pr_kref, tcm_loop_entry_release);
}
