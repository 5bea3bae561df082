// SPDX-License-Identifier: GPL-2.0-only
/*
 * The fabric's operations in the form that older target cores want (before
 * 5.0), which then ask for some things that later ones know: names,
 * TransportIDs (before 4.2), node ACLs, tags.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

#include "compat.h"
#include "protocol_id.h"

#ifdef COMPAT_HAS_fabric_pack_lun
#include <asm/unaligned.h>
#include <scsi/scsi_device.h>
#endif

#ifdef COMPAT_TRANSLATES_OPS

#undef target_core_fabric_ops
#undef target_register_template
#undef target_unregister_template
#undef core_tpg_register

/*
 * Each set of operations of the fabric's, and its translation.  The first is
 * the one that is registered.
 */
static struct compat_translation {
	const struct compat_fabric_ops *ops;
	struct target_core_fabric_ops translated;
} compat_translations[2];
static DEFINE_MUTEX(compat_translations_lock);

static const struct compat_fabric_ops *compat_ops(void)
{
	return compat_translations[0].ops;
}

#ifndef COMPAT_HAS_fabric_name
static char *compat_get_fabric_name(void)
{
	return (char *)compat_ops()->fabric_name;
}
#endif

#ifndef COMPAT_HAS_fabric_make_tpg_by_name
static struct se_portal_group *compat_make_tpg(struct se_wwn *wwn,
					       struct config_group *group,
					       const char *name)
{
	return compat_ops()->fabric_make_tpg(wwn, name);
}
#endif

static u32 compat_default_depth(struct se_portal_group *se_tpg)
{
	return 1;
}

static void compat_close_session(struct se_session *session)
{
}

#ifdef COMPAT_HANDLES_CDB
/**
 * compat_release_cmd - what the target core does with the last reference in
 * later kernels
 * @se_cmd: the command or task management function
 *
 * Any context.
 */
void compat_release_cmd(struct se_cmd *se_cmd)
{
	struct compat_session *mine = se_cmd->se_sess->fabric_sess_ptr;

	compat_ops()->release_cmd(se_cmd);
	compat_session_put(mine);
}

static int compat_check_stop_free(struct se_cmd *se_cmd)
{
	if (se_cmd->se_cmd_flags & SCF_SCSI_TMR_CDB)
		return compat_free_tmr(se_cmd);
	return compat_ops()->check_stop_free(se_cmd);
}

#ifdef COMPAT_HAS_fabric_check_stop_free_void
static void compat_check_stop_free_void(struct se_cmd *se_cmd)
{
	compat_check_stop_free(se_cmd);
}
#endif
#endif

#ifdef COMPAT_HAS_fabric_stop_session
static void compat_stop_iscsi_session(struct se_session *session, int sleep,
				      int connection)
{
}

static int compat_sess_logged_in(struct se_session *session)
{
	return 1;
}

static int compat_is_state_remove(struct se_cmd *se_cmd)
{
	return 0;
}
#endif

#ifdef COMPAT_HAS_fabric_sense_len
/* Sense data has no header. */
static u16 compat_set_sense_len(struct se_cmd *se_cmd, u32 length)
{
	return 0;
}

static u16 compat_get_sense_len(void)
{
	return 0;
}
#endif

#ifdef COMPAT_HAS_fabric_new_cmd_failure
/* A write fails before its data was asked for. */
static void compat_new_cmd_failure(struct se_cmd *se_cmd)
{
	transport_send_check_condition_and_sense(se_cmd,
						 se_cmd->scsi_sense_reason, 0);
}
#endif

#ifdef COMPAT_HAS_fabric_pack_lun
/* In the order of this machine; single level, SAM-4 r14, 4.6.4 */
static u64 compat_pack_lun(unsigned int lun)
{
	struct scsi_lun packed;

	int_to_scsilun(lun, &packed);
	return get_unaligned_be64(&packed);
}
#endif

#ifdef COMPAT_HAS_fabric_shutdown_session
/* 0: nothing of the session is left to wait for. */
static int compat_shutdown_session(struct se_session *session)
{
	return 0;
}
#endif

#ifdef COMPAT_HAS_fabric_write_pending_status
/* The data of a write is always there. */
static int compat_write_pending_status(struct se_cmd *se_cmd)
{
	return 0;
}
#endif

#ifndef COMPAT_HAS_fabric_queue_tm_rsp_void
static int compat_queue_tm_rsp(struct se_cmd *se_cmd)
{
	compat_ops()->queue_tm_rsp(se_cmd);
	return 0;
}
#endif

#ifdef COMPAT_HAS_fabric_transport_ids
static struct se_node_acl *compat_alloc_acl(struct se_portal_group *se_tpg)
{
	return kzalloc(sizeof(struct se_node_acl), GFP_KERNEL);
}

static void compat_release_acl(struct se_portal_group *se_tpg,
			       struct se_node_acl *nacl)
{
	kfree(nacl);
}

/* What compat_tpg_register() was given. */
static u8 compat_protocol(struct se_portal_group *se_tpg)
{
	return (unsigned long)se_tpg->se_tpg_fabric_ptr;
}

/* PERSISTENT RESERVE IN, READ FULL STATUS: a registrant's TransportID. */
static u32 compat_transport_id(struct se_portal_group *se_tpg,
			       struct se_node_acl *nacl,
			       struct t10_pr_registration *pr_reg,
			       int *format_code, unsigned char *buf)
{
	struct protocol_name_error error;
	struct protocol_name name;
	char text[sizeof("fc.") + sizeof(nacl->initiatorname) +
		  sizeof(",i,0x") + sizeof(pr_reg->pr_reg_isid)];
	int len;

	/* The target core's name of a port has no prefix in this protocol. */
	snprintf(text, sizeof(text), "%s%s%s%s",
		 compat_protocol(se_tpg) == PROTOCOL_ID_FCP ? "fc." : "",
		 nacl->initiatorname,
		 pr_reg->isid_present_at_reg ? ",i,0x" : "",
		 pr_reg->isid_present_at_reg ? pr_reg->pr_reg_isid : "");
	len = protocol_name_parse(PROTOCOL_INITIATOR, text, strlen(text), &name,
				  &error);
	if (len >= 0)
		len = transport_id_build(&name, buf, TRANSPORT_ID_SIZE);
	return len < 0 ? 0 : len;
}

static u32 compat_transport_id_len(struct se_portal_group *se_tpg,
				   struct se_node_acl *nacl,
				   struct t10_pr_registration *pr_reg,
				   int *format_code)
{
	u8 buf[TRANSPORT_ID_SIZE];

	*format_code = pr_reg->isid_present_at_reg;
	return compat_transport_id(se_tpg, nacl, pr_reg, format_code, buf);
}

/*
 * PERSISTENT RESERVE OUT with a TransportID: whose?  The answer must outlive
 * the call, which may not sleep, and nobody returns it; the target core is done
 * with it before it takes the next few.  Nor does it say how long the parameter
 * list is; the TransportID's own length is trusted up to the longest there is.
 */
static char *compat_parse_transport_id(struct se_portal_group *se_tpg,
				       const char *buf, u32 *out_len,
				       char **isid)
{
	static struct protocol_name names[16];
	static atomic_t next;
	struct protocol_name *name =
		&names[(unsigned int)atomic_inc_return(&next) %
		       ARRAY_SIZE(names)];
	int len = transport_id_parse((const u8 *)buf, TRANSPORT_ID_SIZE, name);

	if (len < 0)
		return NULL;
	if (out_len)
		*out_len = len;
	*isid = name->isid[0] ? name->isid : NULL;
	return name->text;
}
#endif

static void compat_translate(struct compat_translation *translation,
			     const struct compat_fabric_ops *ops)
{
	struct target_core_fabric_ops *to = &translation->translated;

	translation->ops = ops;
#ifdef COMPAT_HAS_fabric_name
	to->fabric_name = ops->fabric_name;
#else
	to->get_fabric_name = compat_get_fabric_name;
#endif
	to->tpg_get_wwn = ops->tpg_get_wwn;
	to->tpg_get_tag = ops->tpg_get_tag;
	to->tpg_get_default_depth = compat_default_depth;
	to->tpg_check_demo_mode = ops->tpg_check_demo_mode;
	to->tpg_check_demo_mode_cache = ops->tpg_check_demo_mode_cache;
	to->tpg_check_demo_mode_write_protect =
		ops->tpg_check_demo_mode_write_protect;
	to->tpg_check_prod_mode_write_protect =
		ops->tpg_check_prod_mode_write_protect;
#ifdef COMPAT_HAS_fabric_prot_only
	to->tpg_check_prot_fabric_only = ops->tpg_check_prot_fabric_only;
#endif
	to->tpg_get_inst_index = ops->tpg_get_inst_index;
#ifndef COMPAT_HANDLES_CDB
	to->check_stop_free = ops->check_stop_free;
	to->release_cmd = ops->release_cmd;
#else
#ifdef COMPAT_HAS_fabric_new_cmd_map
	to->new_cmd_map = compat_map;
#endif
#ifdef COMPAT_HAS_fabric_check_stop_free_void
	to->check_stop_free = compat_check_stop_free_void;
#else
	to->check_stop_free = compat_check_stop_free;
#endif
#ifdef COMPAT_HAS_fabric_release_cmd
	to->release_cmd = compat_release_cmd;
#else
	to->release_cmd_to_pool = compat_release_cmd;
	to->release_cmd_direct = compat_release_cmd;
#endif
#endif
#ifdef COMPAT_HAS_fabric_stop_session
	to->stop_session = compat_stop_iscsi_session;
	to->fall_back_to_erl0 = compat_close_session;
	to->sess_logged_in = compat_sess_logged_in;
	to->is_state_remove = compat_is_state_remove;
#endif
#ifdef COMPAT_HAS_fabric_sense_len
	to->set_fabric_sense_len = compat_set_sense_len;
	to->get_fabric_sense_len = compat_get_sense_len;
#endif
#ifdef COMPAT_HAS_fabric_new_cmd_failure
	to->new_cmd_failure = compat_new_cmd_failure;
#endif
#ifdef COMPAT_HAS_fabric_pack_lun
	to->pack_lun = compat_pack_lun;
#endif
	to->close_session = compat_close_session;
	to->sess_get_index = ops->sess_get_index;
	to->sess_get_initiator_sid = ops->sess_get_initiator_sid;
	to->set_default_node_attributes = ops->set_default_node_attributes;
	to->write_pending = ops->write_pending;
	to->get_cmd_state = ops->get_cmd_state;
	to->queue_data_in = ops->queue_data_in;
	to->queue_status = ops->queue_status;
#ifdef COMPAT_HAS_fabric_queue_tm_rsp_void
	to->queue_tm_rsp = ops->queue_tm_rsp;
#else
	to->queue_tm_rsp = compat_queue_tm_rsp;
#endif
#ifdef COMPAT_HAS_fabric_aborted_task
	to->aborted_task = ops->aborted_task;
#endif
#ifdef COMPAT_HAS_fabric_shutdown_session
	to->shutdown_session = compat_shutdown_session;
#endif
#ifdef COMPAT_HAS_fabric_write_pending_status
	to->write_pending_status = compat_write_pending_status;
#endif
#ifndef COMPAT_HAS_se_cmd_tag
	to->get_task_tag = compat_scsi_tag;
#endif
#ifdef COMPAT_HAS_fabric_transport_ids
	to->tpg_alloc_fabric_acl = compat_alloc_acl;
	to->tpg_release_fabric_acl = compat_release_acl;
	to->get_fabric_proto_ident = compat_protocol;
	to->tpg_get_pr_transport_id = compat_transport_id;
	to->tpg_get_pr_transport_id_len = compat_transport_id_len;
	to->tpg_parse_pr_out_transport_id = compat_parse_transport_id;
#endif
	to->fabric_make_wwn = ops->fabric_make_wwn;
	to->fabric_drop_wwn = ops->fabric_drop_wwn;
#ifdef COMPAT_HAS_fabric_make_tpg_by_name
	to->fabric_make_tpg = ops->fabric_make_tpg;
#else
	to->fabric_make_tpg = compat_make_tpg;
#endif
	to->fabric_drop_tpg = ops->fabric_drop_tpg;
	to->fabric_post_link = ops->fabric_post_link;
	to->fabric_pre_unlink = ops->fabric_pre_unlink;
#ifdef COMPAT_HAS_target_register_template
	to->module = ops->module;
#ifndef COMPAT_HAS_fabric_name
	to->name = ops->fabric_name;
#endif
	to->tfc_wwn_attrs = ops->tfc_wwn_attrs;
	to->tfc_tpg_base_attrs = ops->tfc_tpg_base_attrs;
	to->tfc_tpg_attrib_attrs = ops->tfc_tpg_attrib_attrs;
#endif
}

/* The translation of a set of operations, which is made when first needed. */
static struct target_core_fabric_ops *
compat_translated(const struct compat_fabric_ops *ops)
{
	struct compat_translation *translation = compat_translations;

	mutex_lock(&compat_translations_lock);
	while (translation->ops && translation->ops != ops)
		translation++;
	if (!translation->ops)
		compat_translate(translation, ops);
	mutex_unlock(&compat_translations_lock);
	return &translation->translated;
}

/**
 * compat_tpg_set_ops - tcm_loop_se_tpg_set_ops()
 * @se_tpg: the target port, without a session
 * @ops: a fabric's operations
 *
 * May sleep.
 */
void compat_tpg_set_ops(struct se_portal_group *se_tpg,
			const struct compat_fabric_ops *ops)
{
	se_tpg->se_tpg_tfo = compat_translated(ops);
}

#ifdef COMPAT_HAS_core_tpg_register_with_ops
/**
 * compat_tpg_register - core_tpg_register() as it is since 4.2
 * @wwn: the target
 * @se_tpg: the target port
 * @proto_id: the protocol identifier, for which the target core asks
 *
 * May sleep.
 *
 * Return: 0, or what the target core said.
 */
int compat_tpg_register(struct se_wwn *wwn, struct se_portal_group *se_tpg,
			int proto_id)
{
	return core_tpg_register(&compat_translations[0].translated, wwn,
				 se_tpg, (void *)(unsigned long)proto_id,
				 TRANSPORT_TPG_TYPE_NORMAL);
}
#endif

#ifdef COMPAT_HAS_target_register_template
/**
 * compat_fabric_register - target_register_template()
 * @ops: the fabric
 *
 * May sleep.
 *
 * Return: 0, or what the target core said.
 */
int compat_fabric_register(const struct compat_fabric_ops *ops)
{
	return target_register_template(compat_translated(ops));
}

/**
 * compat_fabric_unregister - undo compat_fabric_register()
 * @ops: the fabric
 *
 * May sleep.
 */
void compat_fabric_unregister(const struct compat_fabric_ops *ops)
{
	target_unregister_template(compat_translated(ops));
}
#else
static struct target_fabric_configfs *compat_fabric;

int compat_fabric_register(const struct compat_fabric_ops *ops)
{
	struct target_fabric_configfs *fabric;
	int ret;

	fabric = target_fabric_configfs_init(ops->module, ops->fabric_name);
	if (IS_ERR_OR_NULL(fabric))
		return fabric ? PTR_ERR(fabric) : -ENOMEM;
	fabric->tf_ops = *compat_translated(ops);
	fabric->tf_cit_tmpl.tfc_wwn_cit.ct_attrs = ops->tfc_wwn_attrs;
	fabric->tf_cit_tmpl.tfc_tpg_base_cit.ct_attrs = ops->tfc_tpg_base_attrs;
	fabric->tf_cit_tmpl.tfc_tpg_attrib_cit.ct_attrs =
		ops->tfc_tpg_attrib_attrs;
	ret = target_fabric_configfs_register(fabric);
	if (ret)
		target_fabric_configfs_free(fabric);
	else
		compat_fabric = fabric;
	return ret;
}

void compat_fabric_unregister(const struct compat_fabric_ops *ops)
{
	target_fabric_configfs_deregister(compat_fabric);
}
#endif

#endif
