// SPDX-License-Identifier: GPL-2.0-only
/*
 * The I/O path: one SCSI command from queuecommand to scsi_done().
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blk-mq.h>
#include <linux/module.h>
#include <linux/scatterlist.h>
#include <scsi/scsi.h>
#include <scsi/scsi_eh.h>
#include <scsi/scsi_proto.h>

#include "tcm_loop.h"
#include "tcm_loop_trace.h"

/*
 * An EXTENDED COPY has ended, through whichever LUN, since caches were written
 * back.  It may have written to other LUNs: no cache is known to be clean.
 */
bool tcm_loop_copied;

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
		tcm_loop_se_cmd_set_unprotected(&cmd->se_cmd);
		return scsi_bufflen(sc);
	}
	return scsi_transfer_length(sc);
}

/* The target does not have a command. */
static void tcm_loop_cmd_end(struct tcm_loop_cmd *cmd)
{
	tcm_loop_bounce_free(cmd);
	if (cmd->apart)
		tcm_loop_query_end(cmd);
}

/**
 * tcm_loop_end - complete a command that the target does not have
 * @sc: the command
 * @result: its result
 *
 * Any context.
 */
void tcm_loop_end(struct scsi_cmnd *sc, int result)
{
	struct tcm_loop_cmd *cmd = scsi_cmd_priv(sc);

	sc->result = result;
	trace_tcm_loop_complete(sc);
	/* The result before the state: tcm_loop_timed_out(). */
	smp_store_release(&cmd->state, TCM_LOOP_CMD_DONE);
	scsi_done(sc);
}

static void tcm_loop_fail(struct scsi_cmnd *sc, int host_byte)
{
	tcm_loop_end(sc, host_byte << 16);
}

/* Answer a command in the target's place. */
static void tcm_loop_refuse(struct scsi_cmnd *sc, u8 key, u8 asc, u8 ascq)
{
	scsi_build_sense_buffer(0, sc->sense_buffer, key, asc, ascq);
	tcm_loop_end(sc, SAM_STAT_CHECK_CONDITION);
}

/* Additional sense codes: SPC-4 r37, annex F */
#define INVALID_FIELD_IN_CDB 0x24
#define WRITE_PROTECTED 0x27
#define PARAMETERS_CHANGED 0x2a
#define CAPACITY_DATA_HAS_CHANGED 0x09 /* its qualifier */

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

	if (tcm_loop_core_completes_directly())
		return false;
	if (!tcm_loop_sc_is_alone(sc)) {
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
 * SCSI_MLQUEUE_HOST_BUSY without memory to send it now; or what a rule says,
 * see fault.c.
 */
enum scsi_qc_status tcm_loop_queuecommand(struct Scsi_Host *shost,
					  struct scsi_cmnd *sc)
{
	struct tcm_loop_cmd *own = scsi_cmd_priv(sc), *cmd = own;
	struct tcm_loop_lun *lun = sc->device->hostdata;
	struct scatterlist *sgl = scsi_sglist(sc);
	struct tcm_loop_tpg *tpg = lun->tpg;
	u32 sg_count = scsi_sg_count(sc);
	u8 *sense = sc->sense_buffer;
	struct tcm_loop_query *query;
	struct se_session *session;
	struct se_cmd *se_cmd;
	u8 *cdb = sc->cmnd;
	int ret = -ENODEV;
	u32 length;

	BUILD_BUG_ON(SCSI_SENSE_BUFFERSIZE < TRANSPORT_SENSE_BUFFER);

	memset(own, 0, sizeof(*own));
	own->sc = sc;
	own->alone = tcm_loop_is_alone(tpg, sc);
	if (!READ_ONCE(tpg->online)) {
		tcm_loop_fail(sc, DID_TRANSPORT_DISRUPTED);
		return 0;
	}
	/* Whoever changes it does not wait for those who have looked. */
	if (TCM_LOOP_HAS_FAULTS && unlikely(data_race(lun->faulty))) {
		ret = tcm_loop_fault_catch(lun, sc);
		if (ret >= 0)
			return ret;
		ret = -ENODEV;
	}
	if (unlikely(tcm_loop_capacity_is_due(lun, sc)) &&
	    tcm_loop_capacity_look(lun, sc)) {
		tcm_loop_refuse(sc, UNIT_ATTENTION, PARAMETERS_CHANGED,
				CAPACITY_DATA_HAS_CHANGED);
		return 0;
	}
	if (unlikely(lun->write_protected) && tcm_loop_is_protected(lun, sc)) {
		tcm_loop_refuse(sc, DATA_PROTECT, WRITE_PROTECTED, 0);
		return 0;
	}
	if (tcm_loop_is_query(sc)) {
		if (unlikely(READ_ONCE(lun->cache) == TCM_LOOP_CACHE_CLEAN) &&
		    tcm_loop_is_flush(sc) && !READ_ONCE(tcm_loop_copied)) {
			tcm_loop_end(sc, SAM_STAT_GOOD);
			return 0;
		}
		if (READ_ONCE(lun->silent) && !tcm_loop_query_waits(sc)) {
			tcm_loop_fail(sc, DID_TRANSPORT_FAILFAST);
			return 0;
		}
		query = tcm_loop_query_begin(sc);
		if (!query)
			return SCSI_MLQUEUE_HOST_BUSY;
		cmd = &query->cmd;
		cdb = query->cdb;
		sense = query->sense;
	}
	se_cmd = &cmd->se_cmd;
	/* A time-out of its last time must not find that time's query now. */
	smp_store_release(&own->state, TCM_LOOP_CMD_AT_TARGET);
	/*
	 * Until there is an answer.  When a LUN reset or PREEMPT AND ABORT ends
	 * the command, perhaps of another nexus, there will be none, and it
	 * must not look like GOOD status: the SCSI layer tries again.
	 */
	cmd->result = DID_RESET << 16;

	/* With several hardware queues a request's own tag is not unique. */
	tcm_loop_se_cmd_set_tag(se_cmd, blk_mq_unique_tag(scsi_cmd_to_rq(sc)));

	length = tcm_loop_transfer_length(cmd);
	if (unlikely(cmd->apart || !tcm_loop_is_read_or_write(sc->cmnd))) {
		ret = tcm_loop_bounce_begin(cmd, lun);
		if (ret)
			goto out_end;
		if (cmd->bounce) {
			sgl = cmd->bounce;
			sg_count = cmd->bounce_count;
		}
		if (cmd->page_cdb[0]) {
			cdb = cmd->page_cdb;
			length = sgl->length;
		}
		ret = -ENODEV;
	}

	rcu_read_lock();
	session = rcu_dereference(tpg->session);
	if (session)
		ret = target_init_cmd(se_cmd, session, sense, sc->device->lun,
				      length, TCM_SIMPLE_TAG,
				      sc->sc_data_direction, 0);
	rcu_read_unlock();
	if (ret) {
		tcm_loop_cmd_end(cmd);
		tcm_loop_fail(sc, DID_NO_CONNECT);
		return 0;
	}

	if (cmd != own) {
		/*
		 * From here on the SCSI layer may have its command back at any
		 * time: tcm_loop_query_leave() finds all of @cmd.
		 */
		smp_store_release(&own->query, cmd);
	}
	/* On failure the target has already answered the command. */
	if (!target_submit_prep(se_cmd, cdb, sgl, sg_count, NULL, 0,
				scsi_prot_sglist(sc), scsi_prot_sg_count(sc),
				GFP_ATOMIC))
		tcm_loop_submit(cmd, sc, lun);
	return 0;

out_end:
	tcm_loop_cmd_end(cmd);
	switch (ret) {
	case -EINVAL:
		tcm_loop_refuse(sc, ILLEGAL_REQUEST, INVALID_FIELD_IN_CDB, 0);
		return 0;
	case -EROFS:
		tcm_loop_refuse(sc, DATA_PROTECT, WRITE_PROTECTED, 0);
		return 0;
	}
	/* As in tcm_loop_end(). */
	smp_store_release(&own->state, TCM_LOOP_CMD_DONE);
	return SCSI_MLQUEUE_HOST_BUSY;
}

/**
 * tcm_loop_timed_out - the SCSI layer has waited long enough for a command
 * @sc: the command
 *
 * What the target has is left alone, see held.c; but see query.c.  Any context.
 *
 * Return: SCSI_EH_RESET_TIMER, to wait once more for what the target has, or
 * what is just being completed; SCSI_EH_NOT_HANDLED for what was completed a
 * whole time-out ago, as when somebody makes completions fail on purpose, or is
 * swallowed by a rule; or what tcm_loop_sc_end_timed_out() says.
 */
enum scsi_timeout_action tcm_loop_timed_out(struct scsi_cmnd *sc)
{
	struct tcm_loop_cmd *cmd = scsi_cmd_priv(sc);

	/* The state before what it says of the command: tcm_loop_complete(). */
	switch (smp_load_acquire(&cmd->state)) {
	case TCM_LOOP_CMD_AT_TARGET:
		tcm_loop_held_tell(shost_to_tcm_loop(sc->device->host));
		if (!tcm_loop_query_waits(sc) && tcm_loop_query_leave(sc)) {
			trace_tcm_loop_complete(sc);
			return tcm_loop_sc_end_timed_out(sc);
		}
		break;
	case TCM_LOOP_CMD_DONE:
		/* Unless it was requeued and is at the target again. */
		cmpxchg(&cmd->state, TCM_LOOP_CMD_DONE, TCM_LOOP_CMD_LOST);
		break;
	case TCM_LOOP_CMD_LOST:
		return SCSI_EH_NOT_HANDLED;
	case TCM_LOOP_CMD_SWALLOWED:
	case TCM_LOOP_CMD_DELAYED:
		return tcm_loop_fault_timed_out(sc);
	}
	return SCSI_EH_RESET_TIMER;
}

/**
 * tcm_loop_cmd_at_target - has the target a command?
 * @sc: a command that has been through tcm_loop_queuecommand()
 *
 * Any context.
 *
 * Return: false if the target touches neither the command nor its data again.
 */
bool tcm_loop_cmd_at_target(struct scsi_cmnd *sc)
{
	struct tcm_loop_cmd *cmd = scsi_cmd_priv(sc);

	/* As in tcm_loop_timed_out(). */
	return smp_load_acquire(&cmd->state) == TCM_LOOP_CMD_AT_TARGET;
}

/**
 * tcm_loop_complete - the SCSI layer gets its command back, with the answer
 * @cmd: the target's part of the command, which the target has released
 * @sc: the command
 *
 * Any context.
 */
void tcm_loop_complete(struct tcm_loop_cmd *cmd, struct scsi_cmnd *sc)
{
	struct tcm_loop_lun *lun = sc->device->hostdata;
	struct tcm_loop_cmd *own = scsi_cmd_priv(sc);
	bool alone = own->alone;

	sc->result = cmd->result;
	if (cmd->residual)
		scsi_set_resid(sc, cmd->residual);
	if (unlikely(cmd->bounce)) {
		tcm_loop_bounce_deliver(cmd, sc);
		tcm_loop_bounce_free(cmd);
	}
	if (unlikely(READ_ONCE(lun->silent)))
		WRITE_ONCE(lun->silent, false);
	if (cmd->deferred)
		atomic_dec(&lun->deferred);
	if (unlikely(READ_ONCE(lun->cache)) && !cmd->apart &&
	    sc->sc_data_direction != DMA_FROM_DEVICE && !tcm_loop_is_flush(sc))
		WRITE_ONCE(lun->cache, TCM_LOOP_CACHE_UNKNOWN);
	if (unlikely(sc->cmnd[0] == EXTENDED_COPY))
		WRITE_ONCE(tcm_loop_copied, true);
	if (TCM_LOOP_HAS_FAULTS && unlikely(own->answer_lost) &&
	    tcm_loop_fault_lose(lun, sc))
		return;
	trace_tcm_loop_complete(sc);
	/* After this the error handler may have its own command back. */
	smp_store_release(&own->state, TCM_LOOP_CMD_DONE);
	if (alone)
		scsi_done_direct(sc);
	else
		scsi_done(sc);
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
	if (cmd->apart)
		tcm_loop_query_release(cmd);
	else
		tcm_loop_complete(cmd, cmd->sc);
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
	if (unlikely(tcm_loop_must_be_late(
		    tcm_loop_cmd_cdb(to_tcm_loop_cmd(se_cmd)))))
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

	if (se_cmd->se_cmd_flags &
	    (SCF_TRANSPORT_TASK_SENSE | SCF_EMULATED_TASK_SENSE))
		cmd->result = SAM_STAT_CHECK_CONDITION;
	else
		cmd->result = se_cmd->scsi_status;
	if (se_cmd->se_cmd_flags & (SCF_OVERFLOW_BIT | SCF_UNDERFLOW_BIT))
		cmd->residual = se_cmd->residual_count;
	return 0;
}
