/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_TARGET_CORE_BASE_H
#define TCM_LOOP_COMPAT_TARGET_CORE_BASE_H

#include <linux/configfs.h>
#include <linux/kref.h>
#include_next <target/target_core_base.h>
#include "tcm_loop_probed.h"

#ifndef COMPAT_HAS_target_prot_type
/* Protection information is unknown; what is set has no effect. */
enum target_prot_op {
	TARGET_PROT_NORMAL = 0,
	TARGET_PROT_DIN_PASS = 1,
	TARGET_PROT_DOUT_PASS = 2,
};

enum target_prot_type {
	TARGET_DIF_TYPE0_PROT,
	TARGET_DIF_TYPE1_PROT,
	TARGET_DIF_TYPE2_PROT,
	TARGET_DIF_TYPE3_PROT,
};
#endif

/* A backstore's directory in configfs. */
static inline struct config_item *target_dev_item(struct se_device *dev)
{
#ifdef COMPAT_HAS_se_device_dev_group
	return &dev->dev_group.cg_item;
#else
	return &dev->se_sub_dev->se_dev_group.cg_item;
#endif
}

/* What identifies a backstore. */
static inline const struct t10_wwn *target_dev_wwn(const struct se_device *dev)
{
#ifdef COMPAT_HAS_se_device_dev_group
	return &dev->t10_wwn;
#else
	return &dev->se_sub_dev->t10_wwn;
#endif
}

static inline const struct se_dev_attrib *
target_dev_attrib(const struct se_device *dev)
{
#ifdef COMPAT_HAS_se_device_dev_group
	return &dev->dev_attrib;
#else
	return &dev->se_sub_dev->se_dev_attrib;
#endif
}

/* The IEEE company identifier of its NAA identifier. */
static inline u32 target_dev_company(const struct se_device *dev)
{
#ifdef COMPAT_HAS_t10_wwn_company_id
	return dev->t10_wwn.company_id;
#else
	return 0x001405;
#endif
}

/* A LUN's write protection, as MODE SENSE tells it. */
static inline bool target_lun_is_read_only(const struct se_lun *lun)
{
#ifdef COMPAT_HAS_lun_access_ro
	return lun->lun_access_ro;
#else
	return lun->lun_access & TRANSPORT_LUNFLAGS_READ_ONLY;
#endif
}

static inline void target_lun_set_read_only(struct se_lun *lun)
{
#ifdef COMPAT_HAS_lun_access_ro
	lun->lun_access_ro = true;
#else
	lun->lun_access = TRANSPORT_LUNFLAGS_READ_ONLY;
#endif
}

/* A LUN's directory in configfs. */
static inline const char *target_lun_name(struct se_lun *lun)
{
	return config_item_name(&lun->lun_group.cg_item);
}

/*
 * Keep the memory of a LUN.  Where LUNs are not allocated one by one (4.3), it
 * is part of the TPG.
 */
#ifdef COMPAT_HAS_se_lun_rcu_head
static inline void target_lun_get(struct se_lun *lun)
{
	config_item_get(&lun->lun_group.cg_item);
}

static inline void target_lun_put(struct se_lun *lun)
{
	config_item_put(&lun->lun_group.cg_item);
}

/**
 * target_session_has_luns - is there an entry for each LUN of the TPG?
 * @session: a session; true if its node ACL is the administrator's
 * @but: how many LUNs have none, because another has their number
 *
 * The core does not say when it had no memory for one, and passes over a LUN
 * that is linked between its two steps of making the node ACL.  May sleep; no
 * LUN of the TPG may be in the middle of being unlinked.
 */
static inline bool target_session_has_luns(struct se_session *session,
					   unsigned int but)
{
	struct se_portal_group *se_tpg = session->se_tpg;
	struct se_node_acl *nacl = session->se_node_acl;
	unsigned int luns = 0, entries = 0;
	struct se_dev_entry *deve;
	struct se_lun *lun;

	if (!nacl->dynamic_node_acl)
		return true;
	mutex_lock(&se_tpg->tpg_lun_mutex);
	hlist_for_each_entry(lun, &se_tpg->tpg_lun_hlist, link)
		luns++;
	mutex_lock(&nacl->lun_entry_mutex);
	hlist_for_each_entry(deve, &nacl->lun_entry_hlist, link)
		entries++;
	mutex_unlock(&nacl->lun_entry_mutex);
	mutex_unlock(&se_tpg->tpg_lun_mutex);
	return entries + but >= luns;
}

/* The LUNs that are linked to a device, of all fabrics; dev->se_port_lock is
 * held. */
#define target_for_each_lun(dev, lun)                                          \
	list_for_each_entry(lun, &(dev)->dev_sep_list, lun_dev_link)

static inline struct se_portal_group *target_lun_tpg(struct se_lun *lun)
{
	return lun->lun_tpg;
}

/* Ports have it since 6.4, before that each of a device's LUNs had. */
static inline u16 target_lun_rtpi(const struct se_lun *lun)
{
#ifdef COMPAT_HAS_tpg_rtpi
	return lun->lun_tpg->tpg_rtpi;
#else
	return lun->lun_rtpi;
#endif
}

/* Is a nexus without an ISID refused by one that has it? */
static inline bool target_enforces_isids(const struct se_device *dev)
{
	return dev->dev_attrib.enforce_pr_isids;
}

/*
 * Does the core make a name of a TransportID?  Old ones do with iSCSI's only,
 * and take the others' bytes for text.  That is no matter of the API: seen on
 * 5.10.223, but not on 6.1.176, so it is decided by something between them.
 */
static inline bool target_parses_transport_ids(void)
{
#ifdef COMPAT_HAS_target_submit_prep
	return true;
#else
	return false;
#endif
}

/* The CDB that the core executes. */
static inline unsigned char *target_cmd_cdb(struct se_cmd *se_cmd)
{
	return se_cmd->t_task_cdb;
}

/**
 * target_lun_entry_hold - get a reference to the entry for a LUN
 * @lun: the LUN, of a TPG with one node ACL at most
 *
 * Any context but interrupts.
 *
 * Return: the node ACL's entry; NULL if there is none, or others hold it.
 */
static inline struct se_dev_entry *target_lun_entry_hold(struct se_lun *lun)
{
	struct se_dev_entry *entry;

	spin_lock(&lun->lun_deve_lock);
	entry = list_first_entry_or_null(&lun->lun_deve_list,
					 struct se_dev_entry, lun_link);
	if (entry && kref_read(&entry->pr_kref) == 1)
		kref_get(&entry->pr_kref);
	else
		entry = NULL;
	spin_unlock(&lun->lun_deve_lock);
	return entry;
}

static inline void compat_entry_release(struct kref *kref)
{
	complete(&container_of(kref, struct se_dev_entry, pr_kref)->pr_comp);
}

/**
 * target_lun_entry_settle - leave an entry with its first reference alone
 * @entry: what target_lun_entry_hold() returned; nobody holds it, or unlinks
 *	the LUN, so that other references are those that were forgotten, and
 *	ours may be the place of one that was returned twice
 *
 * Any context but interrupts.
 */
static inline void target_lun_entry_settle(struct se_dev_entry *entry)
{
	while (kref_read(&entry->pr_kref) > 1)
		kref_put(&entry->pr_kref, compat_entry_release);
}
#else
static inline void target_lun_get(struct se_lun *lun)
{
}

static inline void target_lun_put(struct se_lun *lun)
{
}

static inline bool target_session_has_luns(struct se_session *session,
					   unsigned int but)
{
	return true;
}

/* Entries were counted in another way: nothing is mended. */
#define target_for_each_lun(dev, lun) for (lun = NULL; lun;)

static inline struct se_portal_group *target_lun_tpg(struct se_lun *lun)
{
	return NULL;
}

static inline u16 target_lun_rtpi(const struct se_lun *lun)
{
	return 0;
}

static inline bool target_enforces_isids(const struct se_device *dev)
{
	return false;
}

static inline bool target_parses_transport_ids(void)
{
	return false;
}

static inline unsigned char *target_cmd_cdb(struct se_cmd *se_cmd)
{
	return NULL;
}

static inline struct se_dev_entry *target_lun_entry_hold(struct se_lun *lun)
{
	return NULL;
}

static inline void target_lun_entry_settle(struct se_dev_entry *entry)
{
}
#endif

#endif /* TCM_LOOP_COMPAT_TARGET_CORE_BASE_H */
