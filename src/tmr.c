// SPDX-License-Identifier: GPL-2.0-only
/*
 * Task management functions, and the SCSI error handlers that ask for them.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <scsi/scsi.h>

#include "tcm_loop.h"
#include "tcm_loop_trace.h"

/*
 * How long a reset waits for the target: meanwhile the SCSI layer sends nothing
 * to any disk of the host.
 */
#define TCM_LOOP_RESET_TIMEOUT (2 * HZ)

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
 * Send LOGICAL UNIT RESET (SAM-5 r21, 7.7) through the nexus of sdev's target
 * port, and wait for the response until a time in jiffies.  A function that
 * is late goes on by itself: it ends when the backstore has answered what it
 * has.  Sleeps.
 *
 * A LOGICAL UNIT RESET, of this nexus or of another, aborts other functions of
 * the logical unit.  The core then gives no response and drops every reference
 * to the function, also one that TARGET_SCF_ACK_KREF reserves for the fabric.
 * So the function's memory has a count of its own, and the wait ends with the
 * core's release.
 *
 * Kernel defect: reset-of-function
 */
static int tcm_loop_reset_until(struct scsi_device *sdev, unsigned long end)
{
	struct se_session *session = NULL;
	struct tcm_loop_tmr *tmr;
	struct tcm_loop_lun *lun;
	int ret = -ENODEV;
	long left;

	/* The memory that reclaim waits for may be what this handler frees. */
	tmr = kzalloc(sizeof(*tmr), GFP_NOIO);
	if (!tmr)
		return FAILED;
	kref_init(&tmr->ref);
	init_completion(&tmr->done);
	tmr->response = TCM_LOOP_TMR_ABORTED;
	kref_get(&tmr->ref); /* the target core's */

	rcu_read_lock();
	lun = READ_ONCE(sdev->hostdata);
	if (lun)
		session = rcu_dereference(lun->tpg->session);
	if (session)
		ret = target_submit_tmr(&tmr->se_cmd, session, NULL, sdev->lun,
					NULL, TMR_LUN_RESET, GFP_ATOMIC, 0, 0);
	rcu_read_unlock();
	if (ret) {
		kfree(tmr);
		return FAILED;
	}

	left = end - jiffies;
	if (wait_for_completion_timeout(&tmr->done, max(left, 1L))) {
		ret = tmr->response;
	} else {
		sdev_printk(
			KERN_WARNING, sdev,
			"a reset goes on until the backstore has answered what it has\n");
		ret = TMR_FUNCTION_REJECTED;
	}
	kref_put(&tmr->ref, tcm_loop_tmr_free);
	trace_tcm_loop_tmr(sdev, TMR_LUN_RESET, 0, ret);
	if (ret != TMR_FUNCTION_COMPLETE)
		return FAILED;
	tcm_loop_fault_reset(sdev);
	return SUCCESS;
}

/**
 * tcm_loop_abort - the error handler wants a command back
 * @sc: a command that timed out
 *
 * The error handler gets no command that the target has, but for those that it
 * has sent itself: these it can have, see query.c.  Where it cannot, there is
 * nothing to be done but to wait, however long.  What a rule has it can have,
 * too, see fault.c, also where a rule says that it is told otherwise.  Sleeps.
 *
 * Return: SUCCESS, or FAILED if a rule says so.
 */
int tcm_loop_abort(struct scsi_cmnd *sc)
{
	tcm_loop_fault_withdraw(sc);
	if (!tcm_loop_query_leave(sc)) {
		while (tcm_loop_cmd_at_target(sc))
			schedule_timeout_idle(HZ / 20);
		/* Who has completed it is not in scsi_done() any more. */
		synchronize_rcu();
	}
	return tcm_loop_fault_fails(sc, FAULT_ABORT_FAILS) ? FAILED : SUCCESS;
}

/**
 * tcm_loop_lun_reset - LOGICAL UNIT RESET
 * @sc: a command for the logical unit; only its device counts
 *
 * Called by the error handler or by an ioctl, with the host blocked.  Sleeps,
 * two seconds at most.
 *
 * Return: SUCCESS once the target has let go of all of the disk's commands,
 * or FAILED; then the reset goes on, unless it was a rule that said so.
 */
int tcm_loop_lun_reset(struct scsi_cmnd *sc)
{
	if (tcm_loop_fault_fails(sc, FAULT_RESET_FAILS))
		return FAILED;
	return tcm_loop_reset_until(sc->device,
				    jiffies + TCM_LOOP_RESET_TIMEOUT);
}

/* Of target ID id of a host, or of all of them. */
static int tcm_loop_reset_all(struct Scsi_Host *shost, unsigned int id,
			      bool all)
{
	unsigned long end = jiffies + TCM_LOOP_RESET_TIMEOUT;
	struct scsi_device *sdev;
	int ret = SUCCESS;

	shost_for_each_device(sdev, shost)
		if ((all || sdev->id == id) &&
		    tcm_loop_reset_until(sdev, end) != SUCCESS)
			ret = FAILED;
	return ret;
}

/**
 * tcm_loop_target_reset - LOGICAL UNIT RESET to each disk of a target ID
 * @sc: a command for the target ID; only its device counts
 *
 * As tcm_loop_lun_reset(); two seconds are for all.
 *
 * Return: SUCCESS, or FAILED.
 */
int tcm_loop_target_reset(struct scsi_cmnd *sc)
{
	return tcm_loop_reset_all(sc->device->host, sc->device->id, false);
}

/**
 * tcm_loop_host_reset - LOGICAL UNIT RESET to each disk of a host
 * @sc: a command of the host; only its host counts
 *
 * As tcm_loop_lun_reset(); two seconds are for all.
 *
 * Return: SUCCESS, or FAILED.
 */
int tcm_loop_host_reset(struct scsi_cmnd *sc)
{
	return tcm_loop_reset_all(sc->device->host, 0, true);
}
