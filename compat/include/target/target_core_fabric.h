/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_TARGET_CORE_FABRIC_H
#define TCM_LOOP_COMPAT_TARGET_CORE_FABRIC_H

/* The kernel's own needs these first; both are part of others later. */
#include <linux/configfs.h>
#include <linux/workqueue.h>
#include <target/target_core_base.h>
#include_next <target/target_core_fabric.h>
#include "tcm_loop_probed.h"

/* What is compiled, but never called: the build stops if a call is left. */
void compat_never(void) __attribute__((error("compat: this would be called")));

#if !defined(COMPAT_HAS_fabric_name) ||                                        \
	!defined(COMPAT_HAS_fabric_make_tpg_by_name)
#define COMPAT_TRANSLATES_OPS
#include <target/compat_fabric_ops.h>
#endif

#ifdef COMPAT_TRANSLATES_OPS
void compat_tpg_set_ops(struct se_portal_group *se_tpg,
			const struct target_core_fabric_ops *ops);
#define tcm_loop_se_tpg_set_ops compat_tpg_set_ops
#endif

#ifndef COMPAT_HAS_target_submit_prep
/*
 * One call, which may sleep, did it all.  Here it is in three parts, in
 * compat/submit.c, and its own work queue runs the last two.
 */
#ifndef COMPAT_HAS_target_submit_cmd_map_sgls
/*
 * Or several calls, which do not count the session's commands.  Those and task
 * management functions are in compat/handle_cdb.c.
 */
#define COMPAT_HANDLES_CDB

int compat_submit_tmr(struct se_cmd *se_cmd, struct se_session *session,
		      void *sense, u64 unpacked_lun, void *fabric_tmr_ptr,
		      u8 function, gfp_t gfp, u64 tag, int flags);
int compat_free_tmr(struct se_cmd *se_cmd);
#define target_submit_tmr compat_submit_tmr
#define target_wait_for_sess_cmds(session) /* compat_stop_session() did */
#endif
int target_init_cmd(struct se_cmd *se_cmd, struct se_session *session,
		    unsigned char *sense, u64 unpacked_lun, u32 data_length,
		    int task_attr, int data_dir, int flags);
int target_submit_prep(struct se_cmd *se_cmd, unsigned char *cdb,
		       struct scatterlist *sgl, u32 sgl_count,
		       struct scatterlist *sgl_bidi, u32 sgl_bidi_count,
		       struct scatterlist *sgl_prot, u32 sgl_prot_count,
		       gfp_t gfp);
void target_submit(struct se_cmd *se_cmd);

#ifdef COMPAT_TRANSLATES_OPS
#define target_register_template compat_fabric_register
#define target_unregister_template compat_fabric_unregister
#endif

/* A session has a work queue, and knows how many commands wait in it. */
struct se_session *compat_setup_session(
	struct se_portal_group *se_tpg, unsigned int tag_num,
	unsigned int tag_size, enum target_prot_op prot_op,
	const char *initiator, void *private,
	int (*callback)(struct se_portal_group *, struct se_session *, void *));
void compat_stop_session(struct se_session *session);
void compat_remove_session(struct se_session *session);
#define target_setup_session compat_setup_session
#define target_stop_session compat_stop_session
#define target_remove_session compat_remove_session
#elif defined(COMPAT_HAS_target_queue_submission)
/*
 * Submission was direct unless a fabric queued it.  Later target_submit()
 * queues by itself where it may not be direct.
 */
#define target_submit target_queue_submission
#endif

#if defined(COMPAT_HAS_target_submit_prep) &&                                  \
	!defined(COMPAT_HAS_target_stop_session)
#define target_stop_session target_sess_cmd_list_set_waiting
#endif

#ifndef COMPAT_HAS_tcm_simple_tag
#include <scsi/scsi_tcq.h>
enum {
	TCM_SIMPLE_TAG = MSG_SIMPLE_TAG,
};
#endif

#ifndef COMPAT_HAS_core_allocate_nexus_loss_ua
/* Only the target core could allocate a unit attention. */
static inline void core_allocate_nexus_loss_ua(struct se_node_acl *nacl)
{
}
#endif

#if defined(COMPAT_HAS_target_wait_for_tasks) && !defined(COMPAT_HANDLES_CDB)
/* The second argument: for the tasks of each command, too? */
#define target_wait_for_sess_cmds(session) target_wait_for_sess_cmds(session, 0)
#endif

/* What it returned later: whether the command is gone. */
#define COMPAT_ONE(call)                                                       \
	({                                                                     \
		call;                                                          \
		1;                                                             \
	})
#if defined(COMPAT_HAS_transport_generic_free_cmd_to_pool)
#define transport_generic_free_cmd(se_cmd, wait)                               \
	COMPAT_ONE(transport_generic_free_cmd(se_cmd, wait, 1, 0))
#elif defined(COMPAT_HAS_transport_generic_free_cmd_reinstatement)
#define transport_generic_free_cmd(se_cmd, wait)                               \
	COMPAT_ONE(transport_generic_free_cmd(se_cmd, wait, 0))
#elif defined(COMPAT_HAS_transport_generic_free_cmd_void)
#define transport_generic_free_cmd(se_cmd, wait)                               \
	COMPAT_ONE(transport_generic_free_cmd(se_cmd, wait))
#endif

#ifndef COMPAT_HAS_target_execute_cmd
#define target_execute_cmd transport_generic_process_write
#endif

#ifndef COMPAT_HAS_scf_scsi_tmr_cdb
/* Ours: the target core has not got so many flags yet. */
#define SCF_SCSI_TMR_CDB 0x80000000
#endif

#ifdef COMPAT_HAS_core_tpg_register_with_ops
int compat_tpg_register(struct se_wwn *wwn, struct se_portal_group *se_tpg,
			int proto_id);
#define core_tpg_register compat_tpg_register
#endif

#ifndef COMPAT_HAS_se_cmd_tag
/* The target core asked the fabric, see compat/scsi_host.c. */
static inline void tcm_loop_se_cmd_set_tag(struct se_cmd *se_cmd, u64 tag)
{
}
#define tcm_loop_se_cmd_set_tag tcm_loop_se_cmd_set_tag
#endif

#ifndef COMPAT_HAS_se_cmd_prot_pto
static inline void tcm_loop_se_cmd_set_unprotected(struct se_cmd *se_cmd)
{
}
#define tcm_loop_se_cmd_set_unprotected tcm_loop_se_cmd_set_unprotected
#endif

#ifndef COMPAT_HAS_tpg_rtpi
/* The target core gave each port of a logical unit an identifier. */
static inline void tcm_loop_se_tpg_set_rtpi(struct se_portal_group *se_tpg,
					    u16 rtpi)
{
}
#define tcm_loop_se_tpg_set_rtpi tcm_loop_se_tpg_set_rtpi
#endif

#if !defined(COMPAT_HAS_direct_compl_supp) ||                                  \
	!defined(COMPAT_HAS_queuecommand_may_block)
#define TCM_LOOP_FABRIC_DIRECT_OPS

struct scsi_cmnd;

static inline bool tcm_loop_core_completes_directly(void)
{
	return false;
}

static inline bool tcm_loop_submits_directly(const struct se_device *dev)
{
	return false;
}

static inline bool tcm_loop_must_submit_directly(const struct se_device *dev)
{
	return false;
}

static inline bool tcm_loop_sc_is_clone(struct scsi_cmnd *sc)
{
	return false;
}

static inline void tcm_loop_queue_se_cmd(struct workqueue_struct *queue,
					 struct se_cmd *se_cmd,
					 work_func_t function)
{
	compat_never();
}

static inline struct se_cmd *tcm_loop_se_cmd_of_work(struct work_struct *work)
{
	return NULL;
}
#endif

#ifndef COMPAT_HAS_fabric_post_unlink
/* The core unlinks a LUN soon, but does not say when. */
#define TCM_LOOP_FABRIC_POST_UNLINK(function)
#define tcm_loop_wait_for_unlink(queue, unlinks, seen)                         \
	((void)(seen), schedule_timeout_idle(1))
#endif

#endif /* TCM_LOOP_COMPAT_TARGET_CORE_FABRIC_H */
