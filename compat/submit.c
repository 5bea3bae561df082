// SPDX-License-Identifier: GPL-2.0-only
/*
 * Submission in parts, for target cores that had it in one
 * (target_submit_cmd_map_sgls(), before 5.13).
 *
 * The old call may sleep, and queuecommand may not.  So the first two parts
 * only keep what they are given, in fields of the command that the target core
 * does not use before it has that information, and hold the session; the third
 * queues work, which makes the old call.  compat/handle_cdb.c has these parts
 * for cores that did not have that call, either.
 */
#include <linux/err.h>
#include <linux/module.h>
#include <linux/workqueue.h>
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

#include "compat.h"

#ifndef COMPAT_HAS_target_submit_prep

/**
 * target_init_cmd - first part: start a command's life
 * @se_cmd: the command, zeroed but for its tag
 * @session: the I_T nexus; held until the command is submitted
 * @sense: where sense data goes
 * @unpacked_lun: the LUN
 * @data_length: how many bytes the initiator expects to move
 * @task_attr: TCM_SIMPLE_TAG and the like
 * @data_dir: which way
 * @flags: must be 0
 *
 * Called in the RCU section in which the session was found.
 *
 * Return: 0, or -ESHUTDOWN if the session was stopped.
 */
int target_init_cmd(struct se_cmd *se_cmd, struct se_session *session,
		    unsigned char *sense, u64 unpacked_lun, u32 data_length,
		    int task_attr, int data_dir, int flags)
{
	struct compat_session *mine = session->fabric_sess_ptr;

	if (!compat_session_get(mine))
		return -ESHUTDOWN;
	se_cmd->se_sess = session;
	se_cmd->sense_buffer = sense;
	se_cmd->orig_fe_lun = unpacked_lun;
	se_cmd->data_length = data_length;
	se_cmd->sam_task_attr = task_attr;
	se_cmd->data_direction = data_dir;
	return 0;
}

#ifndef COMPAT_HANDLES_CDB
/**
 * target_submit_prep - second part: remember CDB and buffers
 * @se_cmd: the command
 * @cdb: its CDB; must stay until the command is released
 * @sgl: data
 * @sgl_count: entries of @sgl
 * @sgl_bidi: must be NULL
 * @sgl_bidi_count: must be 0
 * @sgl_prot: protection information
 * @sgl_prot_count: entries of @sgl_prot
 * @gfp: unused, the work may sleep
 *
 * Any context.
 *
 * Return: 0; what is wrong with the command is found and told later.
 */
int target_submit_prep(struct se_cmd *se_cmd, unsigned char *cdb,
		       struct scatterlist *sgl, u32 sgl_count,
		       struct scatterlist *sgl_bidi, u32 sgl_bidi_count,
		       struct scatterlist *sgl_prot, u32 sgl_prot_count,
		       gfp_t gfp)
{
	se_cmd->priv = cdb;
	se_cmd->t_data_sg = sgl;
	se_cmd->t_data_nents = sgl_count;
#ifdef COMPAT_HAS_submit_with_prot
	se_cmd->t_prot_sg = sgl_prot;
	se_cmd->t_prot_nents = sgl_prot_count;
#endif
	return 0;
}

static void compat_submit_work(struct work_struct *work)
{
	struct se_cmd *se_cmd = container_of(work, struct se_cmd, work);
	struct se_session *session = se_cmd->se_sess;
	struct compat_session *mine = session->fabric_sess_ptr;
	unsigned char *cdb = se_cmd->priv;
	struct scatterlist *sgl = se_cmd->t_data_sg;
	u32 sgl_count = se_cmd->t_data_nents;
#ifdef COMPAT_HAS_submit_with_prot
	struct scatterlist *sgl_prot = se_cmd->t_prot_sg;
	u32 sgl_prot_count = se_cmd->t_prot_nents;

	se_cmd->t_prot_sg = NULL;
	se_cmd->t_prot_nents = 0;
#define WITH_PROT , sgl_prot, sgl_prot_count
#else
#define WITH_PROT
#endif

	/* The old call wants a command that nobody has begun with. */
	se_cmd->se_sess = NULL;
	se_cmd->priv = NULL;
	se_cmd->t_data_sg = NULL;
	se_cmd->t_data_nents = 0;
	/* Only a stopped session refuses, and that waits for us first. */
	WARN_ON_ONCE(target_submit_cmd_map_sgls(
		se_cmd, session, cdb, se_cmd->sense_buffer, se_cmd->orig_fe_lun,
		se_cmd->data_length, se_cmd->sam_task_attr,
		se_cmd->data_direction, 0, sgl, sgl_count, NULL, 0 WITH_PROT));
	compat_session_put(mine);
}

/**
 * target_submit - third part: let the target have the command
 * @se_cmd: the command
 *
 * Any context.
 */
void target_submit(struct se_cmd *se_cmd)
{
	struct compat_session *mine = se_cmd->se_sess->fabric_sess_ptr;

	INIT_WORK(&se_cmd->work, compat_submit_work);
	queue_work(mine->submit_queue, &se_cmd->work);
}
#endif

#endif
