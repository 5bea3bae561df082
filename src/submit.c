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
 * memalloc_noio_save().  If bios of this task already wait to be submitted, so
 * that one might wait for another, it is not at once.  If requests of this task
 * are just being taken out of its plug, none may be put in: the plug is laid
 * aside, and iblock's own takes its place.
 *
 * Others: fileio takes its file system's locks, a user-space handler may need
 * any lock at all, pscsi allocates: through the work queue.
 *
 * All other commands may allocate or wait in the target core, and use the work
 * queue too.  It has a rescuer, so that it works without memory.
 *
 * The backstore's attribute submit_type goes before all this.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/bio.h>
#include <linux/blkdev.h>
#include <linux/sched.h>
#include <linux/sched/mm.h>
#include <linux/slab.h>
#include <linux/workqueue.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>
#include <target/target_core_fabric.h>

#include "tcm_loop.h"
#include "tcm_loop_trace.h"

static struct workqueue_struct *tcm_loop_submit_queue;

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

static bool bios_wait(void)
{
	return current->bio_list && !bio_list_empty(current->bio_list);
}

static bool may_go_at_once(struct se_cmd *se_cmd,
			   const struct tcm_loop_lun *lun)
{
	return lun->at_once &&
	       tcm_loop_is_read_or_write(target_cmd_cdb(se_cmd)) &&
	       !(lun->bio && bios_wait());
}

/*
 * Reclaim in this worker may wait for pages that only this worker can write, as
 * fileio takes its file system's memory.  Nor is it to be slowed down for the
 * dirty pages of the file system above the disk, which wait for it.
 */
static void tcm_loop_submit_work(struct work_struct *work)
{
	unsigned int flags = current->flags & PF_LOCAL_THROTTLE;
	unsigned int noio = memalloc_noio_save();

	current->flags |= PF_LOCAL_THROTTLE;
	target_submit(target_cmd_of_work(work));
	current->flags = (current->flags & ~PF_LOCAL_THROTTLE) | flags;
	memalloc_noio_restore(noio);
}

/**
 * tcm_loop_submit - let the target have a command
 * @cmd: the target's part of the command, prepared
 * @sc: the command, of which the SCSI layer may just have its own back
 * @lun: the LUN
 *
 * May sleep where target_submits_directly() is true; else any context.
 */
void tcm_loop_submit(struct tcm_loop_cmd *cmd, struct scsi_cmnd *sc,
		     const struct tcm_loop_lun *lun)
{
	struct se_cmd *se_cmd = &cmd->se_cmd;
	struct blk_plug *plug;
	unsigned int noio;

	if (!target_submits_directly(se_cmd->se_dev)) {
		trace_tcm_loop_submit(sc, TCM_LOOP_WAY_CORE);
		target_submit(se_cmd);
		return;
	}
	if (may_go_at_once(se_cmd, lun)) {
		trace_tcm_loop_submit(sc, TCM_LOOP_WAY_AT_ONCE);
		noio = memalloc_noio_save();
		plug = blk_plug_set_aside();
		target_submit(se_cmd);
		blk_plug_restore(plug);
		memalloc_noio_restore(noio);
		return;
	}
	trace_tcm_loop_submit(sc, TCM_LOOP_WAY_QUEUE);
	target_queue_cmd(tcm_loop_submit_queue, se_cmd, tcm_loop_submit_work);
}

/**
 * tcm_loop_queue_work - have work done where commands are submitted
 * @work: the work
 *
 * Any context.
 */
void tcm_loop_queue_work(struct work_struct *work)
{
	queue_work(tcm_loop_submit_queue, work);
}

/**
 * tcm_loop_submit_init - make the work queue
 *
 * May sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int tcm_loop_submit_init(void)
{
	tcm_loop_submit_queue = alloc_workqueue("tcm_loop_submit",
						WQ_MEM_RECLAIM | WQ_PERCPU, 0);
	return tcm_loop_submit_queue ? 0 : -ENOMEM;
}

/**
 * tcm_loop_submit_exit - undo tcm_loop_submit_init()
 *
 * May sleep.
 */
void tcm_loop_submit_exit(void)
{
	destroy_workqueue(tcm_loop_submit_queue);
}
