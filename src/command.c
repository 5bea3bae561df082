// SPDX-License-Identifier: GPL-2.0-only
/*
 * The I/O path: one SCSI command from queuecommand to scsi_done().
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-mq.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <scsi/scsi.h>

#include "tcm_loop.h"
#include "tcm_loop_trace.h"

/*
 * How many bytes the target is to move, protection information included.
 *
 * A command may carry a protection operation without protection data: the
 * SCSI layer then asks the transport to insert or strip it, as hardware would
 * do on the wire.  There is no wire here, so the command goes unprotected.
 */
static u32 tcm_loop_transfer_length(struct tcm_loop_cmd *cmd)
{
	struct scsi_cmnd *sc = cmd->sc;

	if (scsi_get_prot_op(sc) != SCSI_PROT_NORMAL &&
	    !scsi_prot_sg_count(sc)) {
		target_cmd_set_unprotected(&cmd->se_cmd);
		return scsi_bufflen(sc);
	}
	return scsi_transfer_length(sc);
}

/* A service action of PERSISTENT RESERVE IN: SPC-4 r37, 6.15.5 */
#define READ_FULL_STATUS 0x03

/*
 * The target core goes beyond the allocation length of READ FULL STATUS by less
 * than the parameter data's header and a descriptor's.
 */
#define TCM_LOOP_FULL_STATUS_EXCESS 32

static bool tcm_loop_is_full_status(const u8 *cdb)
{
	return cdb[0] == PERSISTENT_RESERVE_IN &&
	       (cdb[1] & 0x1f) == READ_FULL_STATUS;
}

/* Is each segment but the last a whole page, and the last one not more? */
static bool tcm_loop_has_whole_pages(struct scsi_cmnd *sc)
{
	struct scatterlist *sg;
	int i;

	scsi_for_each_sg(sc, sg, scsi_sg_count(sc), i)
		if (sg->offset || sg->length > PAGE_SIZE ||
		    (sg->length < PAGE_SIZE && !sg_is_last(sg)))
			return false;
	return true;
}

/*
 * Does the data go through a bounce buffer of whole pages?
 *
 * The target core goes through the data of READ and WRITE segment by segment.
 * Of other commands it maps whole pages, or computes where the second half of
 * the data is, and is right only about whole pages.
 *
 * READ FULL STATUS needs room behind the data.  A parameter list of PERSISTENT
 * RESERVE OUT, which reservation.c looks at before it is executed, must not
 * change in between.
 */
static bool tcm_loop_needs_bounce(struct scsi_cmnd *sc)
{
	unsigned int count = scsi_sg_count(sc);

	switch (sc->cmnd[0]) {
	case PERSISTENT_RESERVE_OUT:
		return count;
	case PERSISTENT_RESERVE_IN:
		if (tcm_loop_is_full_status(sc->cmnd))
			return count;
		break;
	}
	return count > 1 && !tcm_loop_is_read_or_write(sc->cmnd) &&
	       !tcm_loop_has_whole_pages(sc);
}

/* Copies between the SCSI layer's data and the bounce buffer. */
static void tcm_loop_bounce_copy(struct tcm_loop_cmd *cmd, bool in)
{
	struct scatterlist *sgl = scsi_sglist(cmd->sc), *sg;
	unsigned int count = scsi_sg_count(cmd->sc), i;
	off_t at = 0;

	for_each_sg(cmd->bounce, sg, cmd->bounce_count, i)
	{
		if (in)
			sg_pcopy_to_buffer(sgl, count, sg_virt(sg), sg->length,
					   at);
		else
			sg_pcopy_from_buffer(sgl, count, sg_virt(sg),
					     sg->length, at);
		at += sg->length;
	}
}

/*
 * Data that the target does not write must come back as it was, so that the
 * bounce buffer begins with the SCSI layer's data in either direction.
 */
static bool tcm_loop_bounce_begin(struct tcm_loop_cmd *cmd)
{
	unsigned int size = scsi_bufflen(cmd->sc);

	if (tcm_loop_is_full_status(cmd->sc->cmnd))
		size += TCM_LOOP_FULL_STATUS_EXCESS;
	cmd->bounce =
		sgl_alloc(size, GFP_ATOMIC | __GFP_NOWARN, &cmd->bounce_count);
	if (!cmd->bounce)
		return false;
	tcm_loop_bounce_copy(cmd, true);
	return true;
}

static void tcm_loop_bounce_end(struct tcm_loop_cmd *cmd)
{
	if (unlikely(cmd->bounce))
		sgl_free(cmd->bounce);
	cmd->bounce = NULL;
}

/* Complete a command that never reached the target. */
static void tcm_loop_fail(struct tcm_loop_cmd *cmd, int host_byte)
{
	if (cmpxchg(&cmd->owner, TCM_LOOP_OWNER_TARGET, TCM_LOOP_OWNER_NONE) !=
	    TCM_LOOP_OWNER_TARGET) {
		smp_store_release(&cmd->owner, TCM_LOOP_OWNER_NONE);
		return;
	}
	set_host_byte(cmd->sc, host_byte);
	trace_tcm_loop_complete(cmd->sc);
	scsi_done(cmd->sc);
}

/*
 * A core with work queues completes commands in a worker.  If there are
 * several, the block layer's softirq had better take them together; for one
 * alone it is only one more thread to wake.  But whoever sends several may look
 * as if it sent one after the other, if each is completed before the next, so
 * it takes a series to tell.
 */
#define TCM_LOOP_ALONE_SERIES 64

static bool tcm_loop_is_alone(struct tcm_loop_tpg *tpg, struct scsi_cmnd *sc)
{
	unsigned int series = READ_ONCE(tpg->alone_series);

	if (target_core_completes_directly())
		return false;
	if (!scsi_cmnd_is_alone(sc)) {
		if (series)
			WRITE_ONCE(tpg->alone_series, 0);
		return false;
	}
	if (series < TCM_LOOP_ALONE_SERIES) {
		WRITE_ONCE(tpg->alone_series, series + 1);
		return false;
	}
	return true;
}

/**
 * tcm_loop_queuecommand - the SCSI layer sends a command
 * @shost: the host
 * @sc: the command
 *
 * The Linux SCSI layer expresses no task attribute in a command, so all are
 * SIMPLE.  May not sleep.
 *
 * Return: 0, and every outcome is told through the command; or
 * SCSI_MLQUEUE_HOST_BUSY without memory to send it now.
 */
enum scsi_qc_status tcm_loop_queuecommand(struct Scsi_Host *shost,
					  struct scsi_cmnd *sc)
{
	struct tcm_loop_tpg *tpg = sc->device->hostdata;
	struct tcm_loop_cmd *cmd = scsi_cmd_priv(sc);
	struct scatterlist *sgl = scsi_sglist(sc);
	struct se_cmd *se_cmd = &cmd->se_cmd;
	u32 sg_count = scsi_sg_count(sc);
	struct se_session *session;
	u8 *cdb = sc->cmnd;
	int ret = -ENODEV;
	u32 length;

	BUILD_BUG_ON(SCSI_SENSE_BUFFERSIZE < TRANSPORT_SENSE_BUFFER);

	memset(cmd, 0, sizeof(*cmd));
	cmd->sc = sc;
	cmd->owner = TCM_LOOP_OWNER_TARGET;
	cmd->alone = tcm_loop_is_alone(tpg, sc);
	/*
	 * Until there is an answer.  When a LUN reset or PREEMPT AND ABORT ends
	 * the command, perhaps of another nexus, there will be none, and it
	 * must not look like GOOD status: the SCSI layer tries again.
	 */
	sc->result = DID_RESET << 16;

	if (!READ_ONCE(tpg->online)) {
		tcm_loop_fail(cmd, DID_TRANSPORT_DISRUPTED);
		return 0;
	}

	/*
	 * An abort names the command by this tag.  With several hardware
	 * queues the request's own tag is not unique in the host.
	 */
	target_cmd_set_tag(se_cmd, blk_mq_unique_tag(scsi_cmd_to_rq(sc)));

	length = tcm_loop_transfer_length(cmd);
	tcm_loop_vpd_begin(cmd, tpg);
	if (unlikely(cmd->vpd)) {
		cdb = cmd->vpd->cdb;
		sgl = &cmd->vpd->sg;
		sg_count = 1;
		length = cmd->vpd->size;
	} else if (unlikely(tcm_loop_needs_bounce(sc))) {
		if (!tcm_loop_bounce_begin(cmd)) {
			cmd->owner = TCM_LOOP_OWNER_NONE;
			return SCSI_MLQUEUE_HOST_BUSY;
		}
		sgl = cmd->bounce;
		sg_count = cmd->bounce_count;
	}

	rcu_read_lock();
	session = rcu_dereference(tpg->session);
	if (session)
		ret = target_init_cmd(se_cmd, session, sc->sense_buffer,
				      sc->device->lun, length, TCM_SIMPLE_TAG,
				      sc->sc_data_direction, 0);
	rcu_read_unlock();
	if (ret) {
		tcm_loop_vpd_end(cmd);
		tcm_loop_bounce_end(cmd);
		tcm_loop_fail(cmd, DID_NO_CONNECT);
		return 0;
	}

	/* On failure the target has already answered the command. */
	if (!target_submit_prep(se_cmd, cdb, sgl, sg_count, NULL, 0,
				scsi_prot_sglist(sc), scsi_prot_sg_count(sc),
				GFP_ATOMIC))
		tcm_loop_submit(cmd);
	return 0;
}

/**
 * tcm_loop_timed_out - the SCSI layer has waited long enough for a command
 * @sc: the command
 *
 * Takes the right to complete the command from the target, unless the target
 * is about to use it.  Any context.
 *
 * Return: SCSI_EH_NOT_HANDLED to start error handling, SCSI_EH_RESET_TIMER if
 * the completion is under way.
 */
enum scsi_timeout_action tcm_loop_timed_out(struct scsi_cmnd *sc)
{
	struct tcm_loop_cmd *cmd = scsi_cmd_priv(sc);

	if (cmpxchg(&cmd->owner, TCM_LOOP_OWNER_TARGET, TCM_LOOP_OWNER_EH) ==
	    TCM_LOOP_OWNER_NONE)
		return SCSI_EH_RESET_TIMER;
	return SCSI_EH_NOT_HANDLED;
}

/**
 * tcm_loop_cmd_released - has the target let go of a command?
 * @sc: a command that has been through tcm_loop_queuecommand()
 *
 * Any context.
 *
 * Return: true if the target touches neither the command nor its data again.
 */
bool tcm_loop_cmd_released(struct scsi_cmnd *sc)
{
	struct tcm_loop_cmd *cmd = scsi_cmd_priv(sc);

	return smp_load_acquire(&cmd->owner) == TCM_LOOP_OWNER_NONE;
}

static void tcm_loop_complete(struct tcm_loop_cmd *cmd)
{
	trace_tcm_loop_complete(cmd->sc);
	if (cmd->alone)
		scsi_done_direct(cmd->sc);
	else
		scsi_done(cmd->sc);
}

/**
 * tcm_loop_release_cmd - the target core has dropped its last reference
 * @se_cmd: the command or task management function
 *
 * Called once for each, whatever became of it.  Any context.
 */
void tcm_loop_release_cmd(struct se_cmd *se_cmd)
{
	struct tcm_loop_cmd *cmd;

	if (se_cmd->se_cmd_flags & SCF_SCSI_TMR_CDB) {
		tcm_loop_release_tmr(se_cmd);
		return;
	}

	cmd = to_tcm_loop_cmd(se_cmd);
	tcm_loop_vpd_end(cmd);
	tcm_loop_bounce_end(cmd);
	/* After this the error handler may finish the command. */
	if (xchg(&cmd->owner, TCM_LOOP_OWNER_NONE) == TCM_LOOP_OWNER_TARGET)
		tcm_loop_complete(cmd);
}

/**
 * tcm_loop_write_pending - the target core is ready for the data of a write
 * @se_cmd: the command
 *
 * The data came with the command, so execution goes on at once, but for a
 * command that may not be executed in the context of its submission.
 *
 * Return: 0, or -ENOMEM, after which the target core asks again.
 */
int tcm_loop_write_pending(struct se_cmd *se_cmd)
{
	struct tcm_loop_cmd *cmd = to_tcm_loop_cmd(se_cmd);

	if (unlikely(tcm_loop_must_be_late(cmd->sc->cmnd)))
		return tcm_loop_execute_late(se_cmd);
	target_execute_cmd(se_cmd);
	return 0;
}

/**
 * tcm_loop_queue_response - the target core answers a command
 * @se_cmd: the command, with status, sense data and residual
 *
 * The sense data is in the SCSI layer's buffer already.  The response is
 * delivered when the command is released.  Any context.
 *
 * Return: 0.
 */
int tcm_loop_queue_response(struct se_cmd *se_cmd)
{
	struct tcm_loop_cmd *cmd = to_tcm_loop_cmd(se_cmd);
	struct scsi_cmnd *sc = cmd->sc;

	if (se_cmd->se_cmd_flags &
	    (SCF_TRANSPORT_TASK_SENSE | SCF_EMULATED_TASK_SENSE))
		sc->result = SAM_STAT_CHECK_CONDITION;
	else
		sc->result = se_cmd->scsi_status;

	if (se_cmd->se_cmd_flags & (SCF_OVERFLOW_BIT | SCF_UNDERFLOW_BIT))
		scsi_set_resid(sc, se_cmd->residual_count);
	if (unlikely(cmd->vpd) && sc->result == SAM_STAT_GOOD)
		tcm_loop_vpd_deliver(cmd);
	if (unlikely(cmd->bounce) && sc->sc_data_direction == DMA_FROM_DEVICE)
		tcm_loop_bounce_copy(cmd, false);
	return 0;
}
