// SPDX-License-Identifier: GPL-2.0-only
/*
 * A backstore whose size changes: a device that was grown, a TCMU image.
 *
 * The target core tells the size when it is asked, and tells nobody when it
 * changes.  So the size is compared a second after a command, and as long as
 * there are commands, once a second.  When it is another, the disk is scanned
 * again, from a work queue that no command waits for: a rescan sends commands
 * itself, and waits for them as long as the backstore does not answer.
 *
 * What a program sends itself, on behalf of a guest for instance, is compared
 * with the size that programs know, and the first such command after a change
 * is refused with a unit attention, CAPACITY DATA HAS CHANGED (SBC-3 r36,
 * 4.10).  What the kernel sends itself is not, a rescan or a device handler for
 * instance: the unit attention is told once, and to the program.
 *
 * fileio's own size is that of its file when it was enabled.  A device of
 * pscsi's tells of its changes itself.
 *
 * Kernel defect: size-untold
 */
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <scsi/scsi.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>

#include "tcm_loop.h"

/* A LUN's rescan waits as long as its backstore does not answer. */
static struct workqueue_struct *tcm_loop_capacity_queue;

/*
 * The number of the last block.  A device that is gone has no blocks, and the
 * target core then computes the last of them as one before the first, perhaps
 * in units of another block: no disk is so large.
 */
static u64 tcm_loop_last_block(struct se_device *dev)
{
	return dev->transport->get_blocks(dev);
}

static bool tcm_loop_is_gone(u64 last)
{
	return last >= U64_MAX >> 12 || (sector_t)last >= (sector_t)-8;
}

static bool tcm_loop_lun_is_linked(struct tcm_loop_lun *lun)
{
	bool linked;

	mutex_lock(&lun->tpg->host->lock);
	linked = lun->state == TCM_LOOP_LUN_LINKED;
	mutex_unlock(&lun->tpg->host->lock);
	return linked;
}

/*
 * Has the disk scanned again.  When READ CAPACITY fails, as it does while the
 * TPG is offline, sd takes the disk for one without a size.  When the backstore
 * does not answer, a rescan waits with the device's lock held.  Returns false
 * if the disk may not have the right size now.
 */
static bool tcm_loop_disk_follows(struct tcm_loop_lun *lun)
{
	struct tcm_loop_tpg *tpg = lun->tpg;
	struct scsi_device *sdev;
	unsigned int outages;
	bool follows;

	outages = READ_ONCE(tpg->outages);
	if (!READ_ONCE(tpg->online) || READ_ONCE(lun->silent) ||
	    atomic_read(&lun->left))
		return false;
	sdev = scsi_device_lookup(tpg->host->shost, 0, tpg->tpgt, lun->number);
	if (!sdev)
		return true;
	WRITE_ONCE(lun->rescanning, true);
	follows = !tcm_loop_rescan(sdev) && outages == READ_ONCE(tpg->outages);
	WRITE_ONCE(lun->rescanning, false);
	scsi_device_put(sdev);
	return follows;
}

static void tcm_loop_capacity_work(struct work_struct *work)
{
	struct tcm_loop_lun *lun = container_of(
		to_delayed_work(work), struct tcm_loop_lun, capacity_work);
	u64 last;

	/* Before the size: a command that comes now has it compared again. */
	xchg(&lun->capacity_due, 1);
	last = tcm_loop_last_block(lun->dev);
	if (last == lun->last_block || tcm_loop_is_gone(last) ||
	    !tcm_loop_lun_is_linked(lun))
		return;
	lun->last_block = last;
	if (!tcm_loop_disk_follows(lun)) {
		/* A disk that has no size now has no commands, either. */
		lun->last_block = U64_MAX;
		queue_delayed_work(tcm_loop_capacity_queue, &lun->capacity_work,
				   HZ);
	}
}

/* Those that come back in spite of a unit attention: SPC-4 r37, 5.14 */
static bool tcm_loop_passes_attention(const u8 *cdb)
{
	return cdb[0] == INQUIRY || cdb[0] == REPORT_LUNS ||
	       cdb[0] == REQUEST_SENSE;
}

/**
 * tcm_loop_capacity_look - a command that is about to be submitted
 * @lun: the LUN
 * @sc: the command, for which tcm_loop_capacity_is_due() is true
 *
 * Has the size compared soon.  Any context.
 *
 * Return: true if the command is to be refused, since its sender does not know
 * that the size has changed.
 */
bool tcm_loop_capacity_look(struct tcm_loop_lun *lun, struct scsi_cmnd *sc)
{
	bool changed = false;
	unsigned long flags;
	u64 last;

	if (!lun->dev)
		return false;
	if (READ_ONCE(lun->capacity_due) && xchg(&lun->capacity_due, 0))
		queue_delayed_work(tcm_loop_capacity_queue, &lun->capacity_work,
				   HZ);
	if (!tcm_loop_sc_is_passthrough(sc) || tcm_loop_sc_is_quiet(sc) ||
	    tcm_loop_passes_attention(sc->cmnd) ||
	    tcm_loop_is_of_handler(sc->device->host))
		return false;
	spin_lock_irqsave(&lun->capacity_lock, flags);
	last = tcm_loop_last_block(lun->dev);
	if (last != lun->told_block && !tcm_loop_is_gone(last)) {
		lun->told_block = last;
		changed = true;
	}
	spin_unlock_irqrestore(&lun->capacity_lock, flags);
	return changed;
}

/**
 * tcm_loop_capacity_begin - what size a disk has from now on
 * @lun: the LUN, for which a disk is just being added
 *
 * Any context.
 */
void tcm_loop_capacity_begin(struct tcm_loop_lun *lun)
{
	unsigned long flags;

	if (!lun->dev)
		return;
	spin_lock_irqsave(&lun->capacity_lock, flags);
	lun->told_block = tcm_loop_last_block(lun->dev);
	lun->last_block = lun->told_block;
	spin_unlock_irqrestore(&lun->capacity_lock, flags);
	xchg(&lun->capacity_due, 1);
}

/**
 * tcm_loop_capacity_init_lun - nothing is due yet
 * @lun: the LUN, just allocated
 *
 * Any context.
 */
void tcm_loop_capacity_init_lun(struct tcm_loop_lun *lun)
{
	INIT_DELAYED_WORK(&lun->capacity_work, tcm_loop_capacity_work);
	spin_lock_init(&lun->capacity_lock);
}

/**
 * tcm_loop_capacity_end - the size is not compared any more
 * @lun: the LUN, which leaves; before its disk is removed, and after it
 *
 * On older kernels a rescan must not meet the removal.  May sleep.
 */
void tcm_loop_capacity_end(struct tcm_loop_lun *lun)
{
	cancel_delayed_work_sync(&lun->capacity_work);
}

/**
 * tcm_loop_capacity_init - make the work queue of rescans
 *
 * May sleep.
 *
 * Return: 0, or -ENOMEM.
 */
int tcm_loop_capacity_init(void)
{
	/* Disks that are suspended are not to be sent commands. */
	tcm_loop_capacity_queue = alloc_workqueue(
		"tcm_loop_capacity", WQ_UNBOUND | WQ_FREEZABLE, WQ_MAX_ACTIVE);
	return tcm_loop_capacity_queue ? 0 : -ENOMEM;
}

/**
 * tcm_loop_capacity_exit - undo tcm_loop_capacity_init()
 *
 * No LUN is left.  May sleep.
 */
void tcm_loop_capacity_exit(void)
{
	destroy_workqueue(tcm_loop_capacity_queue);
}
