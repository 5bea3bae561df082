// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands that only read, and a program's or sd's own SYNCHRONIZE CACHE: they
 * come back at their time-out, whether the target has answered or not.  A file
 * system's flush does not: it belongs to its WRITEs, which wait, and a file
 * system whose flush fails becomes read-only.  READ CAPACITY and MODE SENSE do
 * not either, until the machine is switched off: without an answer sd takes the
 * disk for one of size 0, which is writable and has no cache to be flushed,
 * while a file system is on it.  But whoever scans a disk again holds the
 * device's lock meanwhile, for which the end of the machine waits.
 *
 * A scan, udev or a path checker sends them, to find out what a logical unit is
 * and whether it answers, and waits for them with locks held that others need.
 * It does no harm if they are executed later.  So the target gets such a
 * command in memory of its own (struct tcm_loop_query), which may stay there
 * when the SCSI layer has its own back.  What the error handler sends goes that
 * way, too.
 *
 * The first of them that is not answered makes the LUN silent.  As long as it
 * is, the others fail at once: until the target releases any command of the
 * LUN, which it does with those that it still has when the backstore answers.
 *
 * SYNCHRONIZE CACHE of this module's own (tcm_loop_write_back()) is one that
 * the SCSI layer has had back from the beginning.
 */
#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <scsi/scsi.h>
#include <scsi/scsi_proto.h>

#include "tcm_loop.h"

/* A service action of SPC-4 */
#define REPORT_TARGET_PORT_GROUPS 0x0a

/**
 * tcm_loop_is_of_handler - does the error handler send a command just now?
 * @shost: the command's host
 *
 * Its thread also starts what has waited for it to end, WRITEs among them.  In
 * queuecommand.
 *
 * Return: true if so.
 */
bool tcm_loop_is_of_handler(struct Scsi_Host *shost)
{
	return shost->ehandler == current && shost->eh_action;
}

/* READ CAPACITY and MODE SENSE */
static bool tcm_loop_tells_medium(const u8 *cdb)
{
	switch (cdb[0]) {
	case READ_CAPACITY:
	case MODE_SENSE:
	case MODE_SENSE_10:
		return true;
	case SERVICE_ACTION_IN_16:
		return (cdb[1] & 0x1f) == SAI_READ_CAPACITY_16;
	}
	return false;
}

/**
 * tcm_loop_query_waits - is a command not to come back yet without an answer?
 * @sc: a command for which tcm_loop_is_query() is true
 *
 * Any context.
 *
 * Return: true if it waits for the target.
 */
bool tcm_loop_query_waits(const struct scsi_cmnd *sc)
{
	return tcm_loop_tells_medium(sc->cmnd) && system_state != SYSTEM_HALT &&
	       system_state != SYSTEM_POWER_OFF &&
	       system_state != SYSTEM_RESTART;
}

/**
 * tcm_loop_is_query - may a command come back before the target has answered?
 * @sc: the command, about to be submitted
 *
 * Any context.
 *
 * Return: true if so.
 */
bool tcm_loop_is_query(struct scsi_cmnd *sc)
{
	if (!tcm_loop_sc_may_leave_target())
		return false;
	if (unlikely(tcm_loop_is_of_handler(sc->device->host)))
		return true;
	switch (sc->cmnd[0]) {
	case TEST_UNIT_READY:
	case INQUIRY:
	case REQUEST_SENSE:
	case REPORT_LUNS:
	case LOG_SENSE:
	case PERSISTENT_RESERVE_IN:
		return true;
	case SYNCHRONIZE_CACHE:
	case SYNCHRONIZE_CACHE_16:
		return tcm_loop_sc_is_passthrough(sc);
	case MAINTENANCE_IN:
		return (sc->cmnd[1] & 0x1f) == REPORT_TARGET_PORT_GROUPS;
	}
	return tcm_loop_tells_medium(sc->cmnd);
}

/**
 * tcm_loop_is_flush - is it SYNCHRONIZE CACHE?
 * @sc: the command
 *
 * Any context.
 *
 * Return: true if so.
 */
bool tcm_loop_is_flush(const struct scsi_cmnd *sc)
{
	return sc->cmnd[0] == SYNCHRONIZE_CACHE ||
	       sc->cmnd[0] == SYNCHRONIZE_CACHE_16;
}

/**
 * tcm_loop_query_begin - memory for the target's part of a command
 * @sc: the command
 *
 * Any context.
 *
 * Return: the memory, to be freed with tcm_loop_query_end(), or NULL.
 */
struct tcm_loop_query *tcm_loop_query_begin(struct scsi_cmnd *sc)
{
	struct tcm_loop_query *query =
		kzalloc(sizeof(*query), GFP_ATOMIC | __GFP_NOWARN);

	if (!query)
		return NULL;
	query->cmd.sc = sc;
	query->cmd.apart = true;
	memcpy(query->cdb, sc->cmnd,
	       min_t(size_t, sc->cmd_len, sizeof(query->cdb)));
	query->lun = sc->device->hostdata;
	kref_get(&query->lun->ref);
	return query;
}

static void tcm_loop_write_back_work(struct work_struct *work)
{
	struct tcm_loop_query *query =
		container_of(work, struct tcm_loop_query, work);
	struct se_cmd *se_cmd = &query->cmd.se_cmd;
	struct tcm_loop_lun *lun = query->lun;
	struct se_session *session;
	int ret = -ENODEV;

	rcu_read_lock();
	session = rcu_dereference(lun->tpg->session);
	if (session)
		ret = target_init_cmd(se_cmd, session, query->sense,
				      lun->number, 0, TCM_SIMPLE_TAG, DMA_NONE,
				      0);
	rcu_read_unlock();
	if (ret) {
		tcm_loop_query_release(&query->cmd);
		return;
	}
	if (!target_submit_prep(se_cmd, query->cdb, NULL, 0, NULL, 0, NULL, 0,
				GFP_NOIO))
		tcm_loop_submit_here(se_cmd);
}

/**
 * tcm_loop_write_back - have a LUN's backstore write its cache back
 * @lun: the LUN, linked
 *
 * Does nothing where a command cannot lie apart from the SCSI layer's.
 *
 * Goes on by itself, and counts in @lun->left until the backstore has answered.
 * If the answer is GOOD, and no command has ended meanwhile that may have
 * written, @lun->cache is TCM_LOOP_CACHE_CLEAN then.  host->lock is held.  May
 * sleep.
 */
void tcm_loop_write_back(struct tcm_loop_lun *lun)
{
	struct tcm_loop_query *query;

	lockdep_assert_held(&lun->tpg->host->lock);
	if (!tcm_loop_sc_may_leave_target())
		return;
	query = kzalloc(sizeof(*query), GFP_KERNEL);
	if (!query)
		return;
	query->cmd.apart = true;
	query->cmd.result = DID_RESET << 16;
	query->cdb[0] = SYNCHRONIZE_CACHE;
	query->write_back = true;
	query->lun = lun;
	kref_get(&lun->ref);
	if (atomic_inc_return(&lun->left) == 1)
		WRITE_ONCE(lun->left_since, jiffies);
	/* What ends from now on may not be in the cache that is written. */
	xchg(&lun->cache, TCM_LOOP_CACHE_BEING_WRITTEN);
	INIT_WORK(&query->work, tcm_loop_write_back_work);
	queue_work(lun->tpg->host->submit_queue, &query->work);
}

/**
 * tcm_loop_query_end - free the target's part of a command
 * @cmd: what tcm_loop_query_begin() returned; the target does not have it
 *
 * Any context.
 */
void tcm_loop_query_end(struct tcm_loop_cmd *cmd)
{
	struct tcm_loop_query *query = to_tcm_loop_query(cmd);

	tcm_loop_lun_put(query->lun);
	kfree_rcu(query, rcu);
}

/**
 * tcm_loop_query_leave - give the SCSI layer its command back without an answer
 * @sc: a command that has been through tcm_loop_queuecommand()
 *
 * Sets the result, but does not complete the command.  Any context.
 *
 * Return: false if the target answers it just now, or if the target's part of
 * it is the SCSI layer's.
 */
bool tcm_loop_query_leave(struct scsi_cmnd *sc)
{
	struct tcm_loop_cmd *own = scsi_cmd_priv(sc), *cmd = NULL;
	struct tcm_loop_lun *lun = sc->device->hostdata;
	bool left = false;

	/* What the target has not released yet is not freed in this section. */
	rcu_read_lock();
	/* As in tcm_loop_timed_out(). */
	if (smp_load_acquire(&own->state) == TCM_LOOP_CMD_AT_TARGET) {
		/* Its content after its address: tcm_loop_queuecommand(). */
		cmd = smp_load_acquire(&own->query);
	}
	if (cmd) {
		/* Before the target may release what is left. */
		if (atomic_inc_return(&lun->left) == 1)
			WRITE_ONCE(lun->left_since, sc->jiffies_at_alloc);
		WRITE_ONCE(lun->silent, true);
		left = xchg(&cmd->sc, NULL);
		if (!left) {
			atomic_dec(&lun->left);
			WRITE_ONCE(lun->silent, false);
		}
	}
	rcu_read_unlock();
	if (left) {
		sc->result = DID_TRANSPORT_FAILFAST << 16;
		/* As in tcm_loop_end(). */
		smp_store_release(&own->state, TCM_LOOP_CMD_DONE);
	}
	return left;
}

/*
 * Two write-backs overlap if a suspend was refused while the first one waited.
 * The first one does not have what has ended since: if either of them fails,
 * nothing is known.
 */
static void tcm_loop_written_back(struct tcm_loop_lun *lun, bool good)
{
	if (good)
		cmpxchg(&lun->cache, TCM_LOOP_CACHE_BEING_WRITTEN,
			TCM_LOOP_CACHE_CLEAN);
	else
		xchg(&lun->cache, TCM_LOOP_CACHE_UNKNOWN);
}

/**
 * tcm_loop_query_release - the target has released its part of a command
 * @cmd: the part
 *
 * Completes the command, unless it was left.  Any context.
 */
void tcm_loop_query_release(struct tcm_loop_cmd *cmd)
{
	struct tcm_loop_lun *lun = to_tcm_loop_query(cmd)->lun;
	struct scsi_cmnd *sc;

	/* The abort handler waits for whoever is in this section. */
	rcu_read_lock();
	sc = xchg(&cmd->sc, NULL);
	if (sc) {
		if (cmd->result & SAM_STAT_CHECK_CONDITION)
			memcpy(sc->sense_buffer, to_tcm_loop_query(cmd)->sense,
			       SCSI_SENSE_BUFFERSIZE);
		tcm_loop_complete(cmd, sc);
	} else {
		if (to_tcm_loop_query(cmd)->write_back)
			tcm_loop_written_back(lun, !cmd->result);
		tcm_loop_bounce_free(cmd);
		atomic_dec(&lun->left);
		WRITE_ONCE(lun->silent, false);
	}
	rcu_read_unlock();
	tcm_loop_query_end(cmd);
}
