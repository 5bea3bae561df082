// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands and task management functions for target cores before
 * target_submit_cmd_map_sgls() (3.8).
 *
 * A command was made in several calls.  Some may sleep, and until 3.5 the last
 * of them were made by a thread of the backstore's, which asked the fabric for
 * the data (new_cmd_map).  The target core counts neither references to a
 * command nor the commands of a session: a command and a task management
 * function are released when they are done, and the session's count is kept
 * here.
 *
 * An ABORT TASK finds no command in these cores, so that the error handler goes
 * on with LOGICAL UNIT RESET.
 */
#include <linux/err.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <scsi/scsi.h>
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

#include "compat.h"

#ifdef COMPAT_HANDLES_CDB

/*
 * The core's own transport_init_se_cmd() must be called, after which the fields
 * of the command are as they were.
 */
static void compat_begin(struct se_cmd *se_cmd)
{
	struct se_session *session = se_cmd->se_sess;

	transport_init_se_cmd(se_cmd, session->se_tpg->se_tpg_tfo, session,
			      se_cmd->data_length, se_cmd->data_direction,
			      se_cmd->sam_task_attr, se_cmd->sense_buffer);
}

static int compat_lookup(struct se_cmd *se_cmd)
{
#ifdef COMPAT_HAS_transport_lookup_cmd_lun
	return transport_lookup_cmd_lun(se_cmd, se_cmd->orig_fe_lun);
#else
	int ret = transport_get_lun_for_cmd(se_cmd, NULL, se_cmd->orig_fe_lun);

	if (!ret)
		transport_device_setup_cmd(se_cmd);
	return ret;
#endif
}

static int compat_parse(struct se_cmd *se_cmd, unsigned char *cdb)
{
#ifdef COMPAT_HAS_fabric_new_cmd_map
	return transport_generic_allocate_tasks(se_cmd, cdb);
#else
	return target_setup_cmd_from_cdb(se_cmd, cdb);
#endif
}

/* Why compat_parse() failed, in the terms of the caller of new_cmd_map. */
static int compat_error(struct se_cmd *se_cmd, int error)
{
#ifdef COMPAT_HAS_pyx_transport_use_sense_reason
	if (se_cmd->se_cmd_flags & SCF_SCSI_RESERVATION_CONFLICT)
		return PYX_TRANSPORT_RESERVATION_CONFLICT;
	if (se_cmd->se_cmd_flags & SCF_SCSI_CDB_EXCEPTION)
		return PYX_TRANSPORT_USE_SENSE_REASON;
	return PYX_TRANSPORT_LU_COMM_FAILURE;
#else
	return error;
#endif
}

static bool compat_is_read(const unsigned char *cdb)
{
	switch (cdb[0]) {
	case READ_6:
	case READ_10:
	case READ_12:
	case READ_16:
		return true;
	}
	return false;
}

/* What the target core fills only in part must not show what was there. */
static void compat_clear(struct scatterlist *sgl, u32 count)
{
	struct sg_mapping_iter miter;

	sg_miter_start(&miter, sgl, count, SG_MITER_TO_SG);
	while (sg_miter_next(&miter))
		memset(miter.addr, 0, miter.length);
	sg_miter_stop(&miter);
}

/**
 * compat_map - give a command its CDB and its data
 * @se_cmd: the command, which has a LUN
 *
 * As new_cmd_map, where there is one.  May sleep.
 *
 * Return: 0; else an error that the target core understands, and the command's
 * sense reason.
 */
int compat_map(struct se_cmd *se_cmd)
{
	struct compat_submission *submission = compat_submission(se_cmd);
	int ret = compat_parse(se_cmd, submission->cdb);

	if (ret)
		return compat_error(se_cmd, ret);
	if (se_cmd->data_direction == DMA_FROM_DEVICE &&
	    !compat_is_read(submission->cdb))
		compat_clear(submission->sgl, submission->sgl_count);
#ifdef COMPAT_HAS_scf_passthrough_sg_to_mem
	if (submission->sgl_count)
		se_cmd->se_cmd_flags |= SCF_PASSTHROUGH_SG_TO_MEM;
#endif
	ret = transport_generic_map_mem_to_cmd(se_cmd, submission->sgl,
					       submission->sgl_count, NULL, 0);
	if (ret)
		return compat_error(se_cmd, ret);
	core_alua_check_nonop_delay(se_cmd);
	return 0;
}

static void compat_submit_work(struct work_struct *work)
{
	struct compat_submission *submission =
		container_of(work, struct compat_submission, work);
	struct se_cmd *se_cmd = submission->se_cmd;

	compat_begin(se_cmd);
	if (compat_lookup(se_cmd)) {
		transport_send_check_condition_and_sense(
			se_cmd, se_cmd->scsi_sense_reason, 0);
		transport_generic_free_cmd(se_cmd, 0);
		return;
	}
#ifdef COMPAT_HAS_fabric_new_cmd_map
	transport_generic_handle_cdb_map(se_cmd);
#else
	if (compat_map(se_cmd))
		transport_generic_request_failure(se_cmd);
	else
		transport_handle_cdb_direct(se_cmd);
#endif
}

/**
 * target_submit_prep - remember CDB and buffers
 * @se_cmd: the command, after target_init_cmd()
 * @cdb: its CDB; must stay until the command is released
 * @sgl: data
 * @sgl_count: entries of @sgl
 * @sgl_bidi: must be NULL
 * @sgl_bidi_count: must be 0
 * @sgl_prot: must be NULL
 * @sgl_prot_count: must be 0
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
	struct compat_submission *submission = compat_submission(se_cmd);

	submission->se_cmd = se_cmd;
	submission->cdb = cdb;
	submission->sgl = sgl;
	submission->sgl_count = sgl_count;
	return 0;
}

/**
 * target_submit - let the target have the command
 * @se_cmd: the command, prepared
 *
 * Any context.
 */
void target_submit(struct se_cmd *se_cmd)
{
	struct compat_submission *submission = compat_submission(se_cmd);
	struct compat_session *mine = se_cmd->se_sess->fabric_sess_ptr;

	INIT_WORK(&submission->work, compat_submit_work);
	queue_work(mine->submit_queue, &submission->work);
}

/**
 * struct compat_tmr - a task management function before the target core has it
 * @work: submits it
 * @se_cmd: the function
 * @function: which one
 * @tag: of the command to abort
 */
struct compat_tmr {
	struct work_struct work;
	struct se_cmd *se_cmd;
	u8 function;
	u32 tag;
};

static struct se_tmr_req *compat_alloc_request(struct se_cmd *se_cmd,
					       u8 function)
{
#if defined(COMPAT_HAS_core_tmr_alloc_req_int)
	int ret = core_tmr_alloc_req(se_cmd, NULL, function, GFP_KERNEL);

	return ret ? NULL : se_cmd->se_tmr_req;
#else
#ifdef COMPAT_HAS_core_tmr_alloc_req_gfp
	struct se_tmr_req *request =
		core_tmr_alloc_req(se_cmd, NULL, function, GFP_KERNEL);
#else
	struct se_tmr_req *request = core_tmr_alloc_req(se_cmd, NULL, function);
#endif

	return IS_ERR(request) ? NULL : request;
#endif
}

static int compat_lookup_tmr(struct se_cmd *se_cmd)
{
#ifdef COMPAT_HAS_transport_lookup_cmd_lun
	return transport_lookup_tmr_lun(se_cmd, se_cmd->orig_fe_lun);
#else
	return transport_get_lun_for_tmr(se_cmd, se_cmd->orig_fe_lun);
#endif
}

static void compat_tmr_work(struct work_struct *work)
{
	struct compat_tmr *tmr = container_of(work, struct compat_tmr, work);
	struct se_tmr_req rejected = { .response = TMR_FUNCTION_REJECTED };
	struct se_cmd *se_cmd = tmr->se_cmd;
	struct se_tmr_req *request;

	compat_begin(se_cmd);
	request = compat_alloc_request(se_cmd, tmr->function);
	se_cmd->se_cmd_flags |= SCF_SCSI_TMR_CDB;
	if (!request) {
		se_cmd->se_tmr_req = &rejected;
		se_cmd->se_tfo->queue_tm_rsp(se_cmd);
		se_cmd->se_tmr_req = NULL;
		compat_free_tmr(se_cmd);
		goto out;
	}

	request->ref_task_tag = tmr->tag;
	/* The oldest cores release no request that has no device. */
	request->tmr_dev = se_cmd->se_sess->se_tpg->tpg_virt_lun0.lun_se_dev;
	se_cmd->se_tmr_req = request;
	if (compat_lookup_tmr(se_cmd)) {
		request->response = TMR_LUN_DOES_NOT_EXIST;
		se_cmd->se_tfo->queue_tm_rsp(se_cmd);
		compat_free_tmr(se_cmd);
		goto out;
	}
	transport_generic_handle_tmr(se_cmd);
out:
	kfree(tmr);
}

/**
 * compat_submit_tmr - target_submit_tmr()
 * @se_cmd: the function, zeroed
 * @session: the I_T nexus; held until the function is released
 * @sense: unused
 * @unpacked_lun: the LUN
 * @fabric_tmr_ptr: unused
 * @function: which one
 * @gfp: of the allocation
 * @tag: the command to abort, if it is ABORT TASK
 * @flags: unused
 *
 * Called in the RCU section in which the session was found.
 *
 * Return: 0, -ENOMEM, or -ESHUTDOWN if the session was stopped.
 */
int compat_submit_tmr(struct se_cmd *se_cmd, struct se_session *session,
		      void *sense, u64 unpacked_lun, void *fabric_tmr_ptr,
		      u8 function, gfp_t gfp, u64 tag, int flags)
{
	struct compat_session *mine = session->fabric_sess_ptr;
	struct compat_tmr *tmr = kzalloc(sizeof(*tmr), gfp);

	if (!tmr)
		return -ENOMEM;
	if (!compat_session_get(mine)) {
		kfree(tmr);
		return -ESHUTDOWN;
	}
	se_cmd->se_sess = session;
	se_cmd->orig_fe_lun = unpacked_lun;
	se_cmd->data_direction = DMA_NONE;
	se_cmd->sam_task_attr = TCM_SIMPLE_TAG;
	tmr->se_cmd = se_cmd;
	tmr->function = function;
	tmr->tag = tag;
	INIT_WORK(&tmr->work, compat_tmr_work);
	queue_work(mine->submit_queue, &tmr->work);
	return 0;
}

/**
 * compat_free_tmr - the target core is done with a function
 * @se_cmd: the function
 *
 * Any context.
 *
 * Return: 1, in the sense of check_stop_free: do not touch it again.
 */
int compat_free_tmr(struct se_cmd *se_cmd)
{
	if (se_cmd->se_tmr_req)
		return transport_generic_free_cmd(se_cmd, 0);
	/* The target core never had it. */
	compat_release_cmd(se_cmd);
	return 1;
}

#endif
