// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fabric as the target core sees it.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>

#include "tcm_loop.h"

static char *tcm_loop_tpg_get_wwn(struct se_portal_group *se_tpg)
{
	return to_tcm_loop_tpg(se_tpg)->host->name.text;
}

static u16 tcm_loop_tpg_get_tag(struct se_portal_group *se_tpg)
{
	return to_tcm_loop_tpg(se_tpg)->tpgt;
}

/* Whoever writes to nexus is let in: there are no explicit node ACLs. */
static int tcm_loop_tpg_check_demo_mode(struct se_portal_group *se_tpg)
{
	return 1;
}

/* The ACL made for a nexus goes with it, and write protection is never on. */
static int tcm_loop_tpg_check_false(struct se_portal_group *se_tpg)
{
	return 0;
}

static int tcm_loop_tpg_check_prot_fabric_only(struct se_portal_group *se_tpg)
{
	return READ_ONCE(to_tcm_loop_tpg(se_tpg)->fabric_prot_type);
}

static u32 tcm_loop_tpg_get_inst_index(struct se_portal_group *se_tpg)
{
	return 1;
}

/* A target port has one session at most. */
static u32 tcm_loop_sess_get_index(struct se_session *session)
{
	return 1;
}

static void tcm_loop_set_default_node_attributes(struct se_node_acl *nacl)
{
}

/* Printed by the target core beside its own state; we keep none. */
static int tcm_loop_get_cmd_state(struct se_cmd *se_cmd)
{
	return 0;
}

/* The command says already what becomes of it without an answer. */
static void tcm_loop_aborted_task(struct se_cmd *se_cmd)
{
}

/* The target core is done with a command and so is the fabric. */
static int tcm_loop_check_stop_free(struct se_cmd *se_cmd)
{
	return transport_generic_free_cmd(se_cmd, 0);
}

static int tcm_loop_fabric_post_link(struct se_portal_group *se_tpg,
				     struct se_lun *lun)
{
	tcm_loop_lun_link(to_tcm_loop_tpg(se_tpg), lun);
	return 0;
}

static void tcm_loop_fabric_pre_unlink(struct se_portal_group *se_tpg,
				       struct se_lun *lun)
{
	tcm_loop_lun_unlink(to_tcm_loop_tpg(se_tpg), lun);
}

static void __maybe_unused
tcm_loop_fabric_post_unlink(struct se_portal_group *se_tpg, struct se_lun *lun)
{
	tcm_loop_luns_unlinked(to_tcm_loop_tpg(se_tpg));
}

static const struct target_core_fabric_ops tcm_loop_ops = {
	.module = THIS_MODULE,
	.fabric_name = "loopback",
	.tpg_get_wwn = tcm_loop_tpg_get_wwn,
	.tpg_get_tag = tcm_loop_tpg_get_tag,
	.tpg_check_demo_mode = tcm_loop_tpg_check_demo_mode,
	.tpg_check_demo_mode_cache = tcm_loop_tpg_check_false,
	.tpg_check_demo_mode_write_protect = tcm_loop_tpg_check_false,
	.tpg_check_prod_mode_write_protect = tcm_loop_tpg_check_false,
	.tpg_check_prot_fabric_only = tcm_loop_tpg_check_prot_fabric_only,
	.tpg_get_inst_index = tcm_loop_tpg_get_inst_index,
	.check_stop_free = tcm_loop_check_stop_free,
	.release_cmd = tcm_loop_release_cmd,
	.sess_get_index = tcm_loop_sess_get_index,
	.set_default_node_attributes = tcm_loop_set_default_node_attributes,
	.write_pending = tcm_loop_write_pending,
	.get_cmd_state = tcm_loop_get_cmd_state,
	.queue_data_in = tcm_loop_queue_response,
	.queue_status = tcm_loop_queue_response,
	.queue_tm_rsp = tcm_loop_queue_tm_rsp,
	.aborted_task = tcm_loop_aborted_task,
	.fabric_make_wwn = tcm_loop_make_wwn,
	.fabric_drop_wwn = tcm_loop_drop_wwn,
	.fabric_make_tpg = tcm_loop_make_tpg,
	.fabric_drop_tpg = tcm_loop_drop_tpg,
	.fabric_post_link = tcm_loop_fabric_post_link,
	.fabric_pre_unlink = tcm_loop_fabric_pre_unlink,
	TCM_LOOP_FABRIC_POST_UNLINK(tcm_loop_fabric_post_unlink).tfc_wwn_attrs =
		tcm_loop_wwn_attrs,
	.tfc_tpg_base_attrs = tcm_loop_tpg_attrs,
	.tfc_tpg_attrib_attrs = tcm_loop_tpg_attrib_attrs,
	TCM_LOOP_FABRIC_DIRECT_OPS
};

/*
 * An iSCSI initiator port may have an ISID.  The target core takes a fabric
 * that can tell one for a fabric whose every session has one, so there are two
 * sets of operations: these are for ports whose nexus has an ISID.
 */
static struct target_core_fabric_ops tcm_loop_isid_ops;

static u32 tcm_loop_sess_get_initiator_sid(struct se_session *session,
					   unsigned char *buf, u32 size)
{
	return scnprintf(buf, size, "%s",
			 to_tcm_loop_tpg(session->se_tpg)->initiator.isid);
}

/**
 * tcm_loop_fabric_has_isid - choose a target port's operations
 * @tpg: the target port, without a nexus
 * @has_isid: whether the nexus to be made has an ISID
 *
 * tpg->nexus_lock is held.
 */
void tcm_loop_fabric_has_isid(struct tcm_loop_tpg *tpg, bool has_isid)
{
	tcm_loop_se_tpg_set_ops(&tpg->se_tpg,
				has_isid ? &tcm_loop_isid_ops : &tcm_loop_ops);
}

/**
 * tcm_loop_fabric_register - make /sys/kernel/config/target/loopback possible
 *
 * May sleep.
 *
 * Return: 0, or what the target core said.
 */
int tcm_loop_fabric_register(void)
{
	tcm_loop_isid_ops = tcm_loop_ops;
	tcm_loop_isid_ops.sess_get_initiator_sid =
		tcm_loop_sess_get_initiator_sid;
	return target_register_template(&tcm_loop_ops);
}

/**
 * tcm_loop_fabric_unregister - undo tcm_loop_fabric_register()
 *
 * May sleep.
 */
void tcm_loop_fabric_unregister(void)
{
	target_unregister_template(&tcm_loop_ops);
}
