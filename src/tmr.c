// SPDX-License-Identifier: GPL-2.0-only
/*
 * Task management functions, and the SCSI error handlers that ask for them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-mq.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <scsi/scsi.h>
#include <scsi/scsi_tcq.h>

#include "tcm_loop.h"
#include "tcm_loop_trace.h"

/* How long the target may take to answer, and then to let go of commands. */
#define TCM_LOOP_TMR_TIMEOUT (30 * HZ)

static struct tcm_loop_tmr *to_tcm_loop_tmr(struct se_cmd *se_cmd)
{
	return container_of(se_cmd, struct tcm_loop_tmr, se_cmd);
}

static void tcm_loop_tmr_free(struct kref *ref)
{
	kfree(container_of(ref, struct tcm_loop_tmr, ref));
}

/**
 * tcm_loop_release_tmr - the target core has dropped its last reference
 * @se_cmd: the task management function
 *
 * Called once for each, answered or aborted.  Any context.
 */
void tcm_loop_release_tmr(struct se_cmd *se_cmd)
{
	struct tcm_loop_tmr *tmr = to_tcm_loop_tmr(se_cmd);

	complete(&tmr->done);
	kref_put(&tmr->ref, tcm_loop_tmr_free);
}

/**
 * tcm_loop_queue_tm_rsp - the target core answers a task management function
 * @se_cmd: the function
 *
 * The handler gets the response when the function is released.  Any context.
 */
void tcm_loop_queue_tm_rsp(struct se_cmd *se_cmd)
{
	to_tcm_loop_tmr(se_cmd)->response = se_cmd->se_tmr_req->response;
}

/*
 * Send a function through the nexus of sdev's target port and wait for the
 * response.  tag is the command to abort.  Sleeps.
 *
 * A LOGICAL UNIT RESET, of this nexus or of another, aborts other functions of
 * the logical unit.  The core then gives no response and drops every reference
 * to the function, also one that TARGET_SCF_ACK_KREF reserves for the fabric.
 * So the function's memory has a count of its own, and the wait ends with the
 * core's release.
 */
static int tcm_loop_issue_tmr(struct scsi_device *sdev,
			      enum tcm_tmreq_table function, u64 tag)
{
	struct se_session *session = NULL;
	struct tcm_loop_tmr *tmr;
	struct tcm_loop_tpg *tpg;
	int ret = -ENODEV;

	/* The memory that reclaim waits for may be what this handler frees. */
	tmr = kzalloc(sizeof(*tmr), GFP_NOIO);
	if (!tmr)
		return TMR_FUNCTION_REJECTED;
	kref_init(&tmr->ref);
	init_completion(&tmr->done);
	tmr->response = TCM_LOOP_TMR_ABORTED;
	kref_get(&tmr->ref); /* the target core's */

	rcu_read_lock();
	tpg = READ_ONCE(sdev->hostdata);
	if (tpg)
		session = rcu_dereference(tpg->session);
	if (session)
		ret = target_submit_tmr(&tmr->se_cmd, session, NULL, sdev->lun,
					NULL, function, GFP_ATOMIC, tag, 0);
	rcu_read_unlock();
	if (ret) {
		kfree(tmr);
		return TMR_FUNCTION_REJECTED;
	}

	if (wait_for_completion_timeout(&tmr->done, TCM_LOOP_TMR_TIMEOUT)) {
		ret = tmr->response;
	} else {
		sdev_printk(KERN_WARNING, sdev,
			    "no answer to a task management function in %u s\n",
			    TCM_LOOP_TMR_TIMEOUT / HZ);
		ret = TMR_FUNCTION_REJECTED;
	}
	kref_put(&tmr->ref, tcm_loop_tmr_free);
	trace_tcm_loop_tmr(sdev, function, tag, ret);
	return ret;
}

/*
 * Has the target let go of sc?  Without sc: of every command of sdev?  Without
 * that too: of every command of the host?
 */
static bool tcm_loop_drained(struct Scsi_Host *shost, struct scsi_device *sdev,
			     struct scsi_cmnd *sc)
{
	unsigned int queue, tag;

	if (sc)
		return tcm_loop_cmd_released(sc);

	for (queue = 0; queue < scsi_host_nr_hw_queues(shost); queue++) {
		for (tag = 0; tag < shost->can_queue; tag++) {
			sc = scsi_host_find_tag(
				shost, (queue << BLK_MQ_UNIQUE_TAG_BITS) | tag);
			if (sc && (!sdev || sc->device == sdev) &&
			    !tcm_loop_cmd_released(sc))
				return false;
		}
	}
	return true;
}

static int tcm_loop_wait_drained(struct scsi_device *sdev, struct scsi_cmnd *sc)
{
	unsigned long end = jiffies + TCM_LOOP_TMR_TIMEOUT;

	while (!tcm_loop_drained(sdev->host, sdev, sc)) {
		if (time_after(jiffies, end)) {
			sdev_printk(
				KERN_WARNING, sdev,
				"the backstore still holds commands %u s after a reset or an abort\n",
				TCM_LOOP_TMR_TIMEOUT / HZ);
			return FAILED;
		}
		schedule_timeout_idle(1);
	}
	return SUCCESS;
}

/**
 * tcm_loop_abort - ABORT TASK for a command that timed out
 * @sc: the command, which the error handler owns
 *
 * SAM-5 r21, 7.2.  The target may say that no such task exists: then it was
 * just completing, or is on its way from a work queue.  Or a LOGICAL UNIT RESET
 * aborts the ABORT TASK, before or after it aborts the command.  In each case
 * what counts is whether the target lets go of the command.  Sleeps.
 *
 * Return: SUCCESS once the target has let go of the command, or FAILED.
 */
int tcm_loop_abort(struct scsi_cmnd *sc)
{
	int response;

	if (tcm_loop_cmd_released(sc))
		return SUCCESS;

	response = tcm_loop_issue_tmr(sc->device, TMR_ABORT_TASK,
				      blk_mq_unique_tag(scsi_cmd_to_rq(sc)));
	if (response != TMR_FUNCTION_COMPLETE &&
	    response != TMR_TASK_DOES_NOT_EXIST &&
	    response != TCM_LOOP_TMR_ABORTED)
		return FAILED;
	return tcm_loop_wait_drained(sc->device, sc);
}

/**
 * tcm_loop_lun_reset - LOGICAL UNIT RESET
 * @sc: a command for the logical unit; only its device counts
 *
 * SAM-5 r21, 7.7.  Called by the error handler or by an ioctl, with the host
 * blocked.  Sleeps.
 *
 * Return: SUCCESS once the target has let go of all of the disk's commands,
 * or FAILED.
 */
int tcm_loop_lun_reset(struct scsi_cmnd *sc)
{
	if (tcm_loop_issue_tmr(sc->device, TMR_LUN_RESET, 0) !=
	    TMR_FUNCTION_COMPLETE)
		return FAILED;
	return tcm_loop_wait_drained(sc->device, NULL);
}

/**
 * tcm_loop_host_reset - the last resort: wait for the backstores
 * @sc: a command of the host; only its host counts
 *
 * Abort and reset have failed, because a backstore holds commands and does not
 * answer.  If this failed too, the SCSI layer would finish the commands and
 * free their buffers, to which the backstore may yet write.  So wait, however
 * long, until it has let go: this ends when it answers, or when it is made to
 * fail its commands.  Sleeps.
 *
 * Return: SUCCESS.
 */
int tcm_loop_host_reset(struct scsi_cmnd *sc)
{
	struct Scsi_Host *shost = sc->device->host;
	unsigned long next = jiffies + TCM_LOOP_TMR_TIMEOUT;

	while (!tcm_loop_drained(shost, NULL, NULL)) {
		if (time_after(jiffies, next)) {
			shost_printk(
				KERN_WARNING, shost,
				"%s: waiting for a backstore that holds commands and does not answer\n",
				shost_to_tcm_loop(shost)->name.text);
			next = jiffies + TCM_LOOP_TMR_TIMEOUT;
		}
		schedule_timeout_idle(HZ / 10);
	}
	return SUCCESS;
}
