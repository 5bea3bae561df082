// SPDX-License-Identifier: GPL-2.0-only
/*
 * Which way a command goes to its backstore: at once, in the context of
 * queuecommand, or through a work queue.
 *
 * queuecommand may run for a task that frees memory, that holds a file
 * system's locks, or that is itself submitting bios.  A command may go on in
 * such a context only if its way through the target core and the backstore
 * takes no lock of a file system, waits for no memory but from a pool of the
 * backstore's own, and does not recurse:
 *
 * rd_mcp: READ and WRITE copy memory, or do nothing (rd_nullio).
 *
 * iblock: READ and WRITE allocate and submit one bio (a command has at most
 * BIO_MAX_VECS segments), as any stacking block driver does, under
 * memalloc_noio_save(); but only if the block layer defers that bio until
 * queuecommand has returned.  Its submission may sleep, for the queue below may
 * be frozen, or others may have all its tags.  While queuecommand runs,
 * time-outs, scheduler changes and removals of all disks of the host wait for
 * it: one SRCU domain is for all of them.  So iblock is at once where
 * submit_bio() of the disk calls queuecommand, and not for what comes out of a
 * plug, from a work queue or from an ioctl.  If a bio of this task waits in its
 * list already, it is not either: the next one might have to wait for that.
 * What waits behind the disk's own bio is submitted after all that follows from
 * this one, and so is not waited for.
 *
 * A deferred bio is submitted when the task's submit_bio() goes on.  That may
 * wait for a tag: before it sleeps it has the requests of others sent, whose
 * bios are then deferred until there is one.  So at most half of the commands
 * that a disk may have in flight, by its queue depth and its share of the tags,
 * are deferred: the others end, and so it gets its tag.  With an I/O scheduler
 * none is deferred.
 *
 * Kernel defect: clone-of-blocking
 *
 * Request-based device-mapper, as a multipath map is by default, sends its
 * clones under rcu_read_lock(), whatever the SCSI layer was told of the host. A
 * bio may wait for memory of its pool, which is a sleep: no clone is at once
 * over iblock.
 *
 * Others: fileio takes its file system's locks, a user-space handler may need
 * any lock at all, pscsi allocates: through the work queue.
 *
 * All other commands may allocate or wait in the target core, and use the work
 * queue too.  It has a rescuer, so that it works without memory.
 *
 * The backstore's attribute submit_type goes before all this.  With 1 all is at
 * once, where this task does not wait for itself then.  In submit_bio() the
 * bios that a backstore submits stay on the task's list while queuecommand
 * runs, and some commands wait for theirs there (UNMAP, WRITE SAME, a file that
 * is read): these go through the work queue, and so does what may not be
 * deferred, and a clone. If requests of this task are just being taken out of
 * its plug, none
 * may be put in: the plug is laid aside, and iblock's own takes its place.  But
 * who then sleeps for a tag of the device below keeps from it what is in the
 * plug: with requests of other devices in there it is the work queue, too.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include <target/target_core_fabric.h>

#include "tcm_loop.h"
#include "tcm_loop_trace.h"

/**
 * tcm_loop_is_read_or_write - does a command do nothing but move data?
 * @cdb: its CDB
 *
 * Any context.
 *
 * Return: true for READ and WRITE of 6, 10, 12 and 16 bytes.
 */
bool tcm_loop_is_read_or_write(const u8 *cdb)
{
	switch (cdb[0]) {
	case READ_6:
	case READ_10:
	case READ_12:
	case READ_16:
	case WRITE_6:
	case WRITE_10:
	case WRITE_12:
	case WRITE_16:
		return true;
	}
	return false;
}

/*
 * Is this called by submit_bio(), for one bio of the disk, with no other to
 * follow?  Then a bio that a backstore submits waits in the task's list until
 * queuecommand has returned.
 */
static bool tcm_loop_in_submit_bio(void)
{
	return current->bio_list && bio_list_empty(current->bio_list) &&
	       !current->plug;
}

static bool tcm_loop_may_defer(struct tcm_loop_cmd *cmd, struct scsi_cmnd *sc,
			       struct tcm_loop_lun *lun)
{
	int most;

	if (!tcm_loop_in_submit_bio())
		return false;
	most = min_t(unsigned int, sc->device->queue_depth,
		     tcm_loop_sc_tags(sc)) /
	       2;
	if (!most)
		return false;
	if (atomic_inc_return(&lun->deferred) > most) {
		atomic_dec(&lun->deferred);
		return false;
	}
	cmd->deferred = true;
	return true;
}

/* The target core may have found another LUN of the number: lun_0, lun_00. */
static bool tcm_loop_may_go_at_once(struct tcm_loop_cmd *cmd,
				    struct scsi_cmnd *sc,
				    struct tcm_loop_lun *lun)
{
	return lun->at_once && cmd->se_cmd.se_lun == lun->se_lun &&
	       tcm_loop_is_read_or_write(tcm_loop_cmd_cdb(cmd)) &&
	       (!lun->bio || (!tcm_loop_sc_is_clone(sc) &&
			      tcm_loop_may_defer(cmd, sc, lun)));
}

/* True where a submission could wait for this task's own I/O, or must not. */
static bool tcm_loop_must_not_wait(struct tcm_loop_cmd *cmd,
				   struct scsi_cmnd *sc,
				   struct tcm_loop_lun *lun)
{
	if (current->bio_list || tcm_loop_sc_is_clone(sc))
		return !tcm_loop_may_go_at_once(cmd, sc, lun);
	return current->plug &&
	       tcm_loop_plug_has_others(current->plug,
					sc->device->request_queue);
}

static enum tcm_loop_way tcm_loop_way_of(struct tcm_loop_cmd *cmd,
					 struct scsi_cmnd *sc,
					 struct tcm_loop_lun *lun)
{
	const struct se_device *dev = cmd->se_cmd.se_dev;

	if (tcm_loop_submits_directly(dev))
		return tcm_loop_may_go_at_once(cmd, sc, lun)
			       ? TCM_LOOP_WAY_AT_ONCE
			       : TCM_LOOP_WAY_QUEUE;
	if (tcm_loop_must_submit_directly(dev) &&
	    tcm_loop_must_not_wait(cmd, sc, lun))
		return TCM_LOOP_WAY_QUEUE;
	return TCM_LOOP_WAY_CORE;
}

/**
 * tcm_loop_submit_here - let the target have a command, in a worker
 * @se_cmd: the target core's view of it, prepared
 *
 * Reclaim in this worker may wait for pages that only this worker can write, as
 * fileio takes its file system's memory.  Nor is it to be slowed down for the
 * dirty pages of the file system above the disk, which wait for it.  May sleep.
 */
void tcm_loop_submit_here(struct se_cmd *se_cmd)
{
	unsigned int flags = current->flags & PF_LOCAL_THROTTLE;
	unsigned int noio = memalloc_noio_save();

	current->flags |= PF_LOCAL_THROTTLE;
	target_submit(se_cmd);
	current->flags = (current->flags & ~PF_LOCAL_THROTTLE) | flags;
	memalloc_noio_restore(noio);
}

static void tcm_loop_submit_work(struct work_struct *work)
{
	tcm_loop_submit_here(tcm_loop_se_cmd_of_work(work));
}

/**
 * tcm_loop_submit - let the target have a command
 * @cmd: the target's part of the command, prepared
 * @sc: the command, of which the SCSI layer may just have its own back
 * @lun: the LUN
 *
 * May sleep where tcm_loop_submits_directly() is true; else any context.
 */
void tcm_loop_submit(struct tcm_loop_cmd *cmd, struct scsi_cmnd *sc,
		     struct tcm_loop_lun *lun)
{
	enum tcm_loop_way way = tcm_loop_way_of(cmd, sc, lun);
	struct se_cmd *se_cmd = &cmd->se_cmd;
	struct blk_plug *plug;
	unsigned int noio;

	trace_tcm_loop_submit(sc, way);
	if (way == TCM_LOOP_WAY_QUEUE) {
		tcm_loop_queue_se_cmd(lun->tpg->host->submit_queue, se_cmd,
				      tcm_loop_submit_work);
		return;
	}
	noio = memalloc_noio_save();
	plug = tcm_loop_plug_set_aside();
	target_submit(se_cmd);
	current->plug = plug;
	memalloc_noio_restore(noio);
}

/**
 * tcm_loop_submit_queue_make - make an adapter's work queue
 *
 * A work that submits a command may sleep as long as the backstore does not
 * answer.  All that an adapter has at its backstores may sleep at once, so that
 * its other LUNs' works are not kept from running; and no other adapter's,
 * which have queues of their own.  May sleep.
 *
 * Return: the queue, for destroy_workqueue(), or NULL.
 */
struct workqueue_struct *tcm_loop_submit_queue_make(void)
{
	return alloc_workqueue("tcm_loop_submit", WQ_MEM_RECLAIM | WQ_PERCPU,
			       WQ_MAX_ACTIVE);
}
