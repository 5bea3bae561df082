// SPDX-License-Identifier: GPL-2.0-only
/*
 * The SCSI host for kernels whose SCSI layer keeps no private area beside a
 * command (before 3.16), or has no tag for each command that is unique in the
 * host (before 4.3 only for those queued with tags).
 *
 * A host has a pool of can_queue slots.  A command takes one in queuecommand
 * and returns it when it is completed; the slot's number is its tag.
 */
#include <linux/bitmap.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/vmalloc.h>
#include <scsi/scsi.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>
#include <scsi/scsi_tcq.h>
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

#include "compat.h"

#ifdef COMPAT_SCSI_SLOTS

#undef scsi_host_template
#undef scsi_host_alloc
#undef scsi_add_host
#undef scsi_host_put

/**
 * struct compat_slot - where a command's private area is
 * @sc: the command, or NULL (slots->lock)
 * @tag: its number in the host; constant
 * @submission: for compat/handle_cdb.c
 * @private: the private area
 */
struct compat_slot {
	struct scsi_cmnd *sc;
	u32 tag;
#ifdef COMPAT_HANDLES_CDB
	struct compat_submission submission;
#endif
	u8 private[] __aligned(SMP_CACHE_BYTES);
};

/**
 * struct compat_slots - a host's slots
 * @lock: may be taken in any context
 * @count: how many there are
 * @size: of each
 * @used: which have a command (@lock)
 * @slots: @count of them, and one that is never used: all zero
 */
struct compat_slots {
	spinlock_t lock;
	unsigned int count;
	size_t size;
	unsigned long *used;
	u8 *slots;
};

static const struct compat_host_template *compat_template;
static size_t compat_private_size;

/* Behind what the host asked for. */
static struct compat_slots **compat_slots_at(struct Scsi_Host *shost)
{
	return (struct compat_slots **)((u8 *)shost_priv(shost) +
					compat_private_size);
}

static struct compat_slot *compat_slot_at(struct compat_slots *slots,
					  unsigned int tag)
{
	return (struct compat_slot *)(slots->slots + tag * slots->size);
}

static void compat_slots_free(struct compat_slots *slots)
{
	if (!slots)
		return;
	vfree(slots->slots);
	kfree(slots->used);
	kfree(slots);
}

static struct compat_slots *compat_slots_alloc(unsigned int count)
{
	struct compat_slots *slots = kzalloc(sizeof(*slots), GFP_KERNEL);
	unsigned int tag;

	if (!slots)
		return NULL;
	spin_lock_init(&slots->lock);
	slots->count = count;
	slots->size =
		ALIGN(sizeof(struct compat_slot) + compat_template->cmd_size,
		      SMP_CACHE_BYTES);
	slots->used = kcalloc(BITS_TO_LONGS(count), sizeof(long), GFP_KERNEL);
	slots->slots = vzalloc((count + 1) * slots->size);
	if (!slots->used || !slots->slots) {
		compat_slots_free(slots);
		return NULL;
	}
	for (tag = 0; tag < count; tag++)
		compat_slot_at(slots, tag)->tag = tag;
	return slots;
}

static struct compat_slot *compat_slot_of(struct scsi_cmnd *sc)
{
	return (struct compat_slot *)READ_ONCE(sc->host_scribble);
}

/* A command is the first member of its private area. */
static struct compat_slot *compat_slot_of_se_cmd(struct se_cmd *se_cmd)
{
	return container_of((void *)se_cmd, struct compat_slot, private);
}

/* None for a disk that is being removed, see compat_slave_destroy(). */
static bool compat_slot_get(struct Scsi_Host *shost, struct scsi_cmnd *sc)
{
	struct compat_slots *slots = *compat_slots_at(shost);
	struct compat_slot *slot;
	unsigned long flags;
	unsigned int tag;

	spin_lock_irqsave(&slots->lock, flags);
	slot = compat_slot_of(sc);
	if (!slot && sc->device->sdev_state != SDEV_DEL) {
		tag = find_first_zero_bit(slots->used, slots->count);
		if (tag < slots->count) {
			slot = compat_slot_at(slots, tag);
			__set_bit(tag, slots->used);
			slot->sc = sc;
			sc->host_scribble = (unsigned char *)slot;
		}
	}
	spin_unlock_irqrestore(&slots->lock, flags);
	return slot;
}

/* The lock is held. */
static void compat_slot_return(struct compat_slots *slots, struct scsi_cmnd *sc)
{
	struct compat_slot *slot = compat_slot_of(sc);

	sc->host_scribble = NULL;
	slot->sc = NULL;
	__clear_bit(slot->tag, slots->used);
}

static void compat_slot_put(struct scsi_cmnd *sc)
{
	struct compat_slots *slots = *compat_slots_at(sc->device->host);
	unsigned long flags;

	spin_lock_irqsave(&slots->lock, flags);
	compat_slot_return(slots, sc);
	spin_unlock_irqrestore(&slots->lock, flags);
}

/**
 * compat_scsi_cmd_priv - the private area of a command
 * @sc: the command
 *
 * Any context.
 *
 * Return: the area; or one that is all zero, not to be written to, when the
 * command's slot was returned.
 */
void *compat_scsi_cmd_priv(struct scsi_cmnd *sc)
{
	struct compat_slots *slots = *compat_slots_at(sc->device->host);
	struct compat_slot *slot = compat_slot_of(sc);

	if (!slot)
		slot = compat_slot_at(slots, slots->count);
	return slot->private;
}

/**
 * compat_scsi_cmd_tag - a tag that no other command of the host has
 * @sc: a command between queuecommand and its completion
 *
 * Any context.
 *
 * Return: the tag; one that no command has, if the command was completed.
 */
u32 compat_scsi_cmd_tag(struct scsi_cmnd *sc)
{
	struct compat_slot *slot = compat_slot_of(sc);

	return slot ? slot->tag : U32_MAX;
}

/**
 * compat_scsi_tag - a command's tag, as the target core asks for it
 * @se_cmd: the first member of a private area; or a task management function
 *
 * Any context.
 *
 * Return: the tag; one that no command has, for a task management function.
 */
u32 compat_scsi_tag(struct se_cmd *se_cmd)
{
	if (se_cmd->se_cmd_flags & SCF_SCSI_TMR_CDB)
		return U32_MAX;
	return compat_slot_of_se_cmd(se_cmd)->tag;
}

#ifdef COMPAT_HANDLES_CDB
/**
 * compat_submission - what compat/handle_cdb.c keeps of a command
 * @se_cmd: the first member of a private area
 *
 * Any context.
 *
 * Return: that; valid as long as the private area is.
 */
struct compat_submission *compat_submission(struct se_cmd *se_cmd)
{
	return &compat_slot_of_se_cmd(se_cmd)->submission;
}
#endif

/**
 * compat_scsi_host_busy_iter - go through the commands between queuecommand and
 * their completion
 * @shost: the host
 * @fn: called for each, until it returns false; may not sleep
 * @data: for @fn
 *
 * Under the lock no command is completed meanwhile.  Any context.
 */
void compat_scsi_host_busy_iter(struct Scsi_Host *shost, compat_busy_fn *fn,
				void *data)
{
	struct compat_slots *slots = *compat_slots_at(shost);
	struct compat_slot *slot;
	unsigned long flags;
	unsigned int tag;

	spin_lock_irqsave(&slots->lock, flags);
	for (tag = 0; tag < slots->count; tag++) {
		slot = compat_slot_at(slots, tag);
		if (slot->sc && !fn(slot->sc, data))
			break;
	}
	spin_unlock_irqrestore(&slots->lock, flags);
}

/**
 * compat_scsi_done - complete a command
 * @sc: the command
 *
 * Any context.
 */
void compat_scsi_done(struct scsi_cmnd *sc)
{
	compat_slot_put(sc);
	sc->scsi_done(sc);
}

static int compat_queuecommand(struct Scsi_Host *shost, struct scsi_cmnd *sc)
{
	int ret;

	if (!compat_slot_get(shost, sc))
		return SCSI_MLQUEUE_HOST_BUSY;
	ret = compat_template->queuecommand(shost, sc);
	if (ret)
		compat_slot_put(sc);
	return ret;
}

/*
 * Under the lock the slot cannot go to another command meanwhile.  A command
 * without one was completed when the block layer had just taken it for timed
 * out, which makes it ignore that.  What the error handler gets is not
 * completed any more, but may be sent again.
 */
static enum scsi_timeout_action compat_timed_out(struct scsi_cmnd *sc)
{
	struct compat_slots *slots = *compat_slots_at(sc->device->host);
	enum scsi_timeout_action action = SCSI_EH_NOT_HANDLED;
	unsigned long flags;

	spin_lock_irqsave(&slots->lock, flags);
	if (compat_slot_of(sc))
		action = compat_template->eh_timed_out(sc);
	if (action == SCSI_EH_NOT_HANDLED && compat_slot_of(sc))
		compat_slot_return(slots, sc);
	spin_unlock_irqrestore(&slots->lock, flags);
	return action;
}

struct compat_disk {
	const struct scsi_device *sdev;
	bool busy;
};

static bool compat_disk_look(struct scsi_cmnd *sc, void *data)
{
	struct compat_disk *disk = data;

	disk->busy = sc->device == disk->sdev;
	return !disk->busy;
}

/*
 * Before 3.6, and stable releases of that time, this comes before the SCSI
 * layer waits for the disk's commands, and not after.  It does not begin with
 * another one, for the disk's state is SDEV_DEL; who has just not seen that
 * gets no slot.
 */
static void compat_slave_destroy(struct scsi_device *sdev)
{
	struct compat_disk disk;

	for (;;) {
		disk = (struct compat_disk){ .sdev = sdev };
		compat_scsi_host_busy_iter(sdev->host, compat_disk_look, &disk);
		if (!disk.busy)
			break;
		schedule_timeout_uninterruptible(1);
	}
	compat_template->sdev_destroy(sdev);
}

#ifndef COMPAT_HAS_scsi_change_queue_depth
/**
 * scsi_change_queue_depth - how many commands of a disk may be queued
 * @sdev: the disk
 * @depth: the number
 *
 * Any context.
 *
 * Return: the number from now on.
 */
int scsi_change_queue_depth(struct scsi_device *sdev, int depth)
{
	scsi_adjust_queue_depth(sdev, scsi_get_tag_type(sdev), depth);
	return sdev->queue_depth;
}

static int compat_change_queue_depth(struct scsi_device *sdev, int depth,
				     int reason)
{
	if (reason == SCSI_QDEPTH_QFULL)
		return scsi_track_queue_full(sdev, depth);
	return compat_template->change_queue_depth(sdev, depth);
}
#endif

/**
 * compat_host_alloc - scsi_host_alloc() with a template of later kernels
 * @template: the only one of the module
 * @size: as there
 *
 * May sleep.
 *
 * Return: the host, or NULL.
 */
struct Scsi_Host *compat_host_alloc(const struct compat_host_template *template,
				    int size)
{
	static struct scsi_host_template translated;
	struct Scsi_Host *shost;

	compat_template = template;
	compat_private_size = ALIGN(size, sizeof(void *));
	translated.module = template->module;
	translated.name = template->name;
	translated.proc_name = template->proc_name;
	translated.queuecommand = compat_queuecommand;
	translated.eh_timed_out = compat_timed_out;
	translated.eh_abort_handler = template->eh_abort_handler;
	translated.eh_device_reset_handler = template->eh_device_reset_handler;
	translated.eh_target_reset_handler = template->eh_target_reset_handler;
	translated.eh_host_reset_handler = template->eh_host_reset_handler;
	translated.skip_settle_delay = template->skip_settle_delay;
	translated.slave_alloc = template->sdev_init;
	translated.slave_destroy = compat_slave_destroy;
	translated.this_id = template->this_id;
	translated.sg_tablesize = template->sg_tablesize;
	translated.max_sectors = template->max_sectors;
	translated.dma_boundary = template->dma_boundary;
#ifdef COMPAT_HAS_scsi_change_queue_depth
	translated.change_queue_depth = template->change_queue_depth;
	translated.track_queue_depth = template->track_queue_depth;
#else
	translated.change_queue_depth = compat_change_queue_depth;
#endif

	shost = scsi_host_alloc(&translated,
				compat_private_size + sizeof(void *));
	if (shost)
		*compat_slots_at(shost) = NULL;
	return shost;
}

/**
 * compat_add_host - scsi_add_host(), and make the slots
 * @shost: the host
 * @parent: as there
 *
 * May sleep.
 *
 * Return: 0, -ENOMEM, or what the SCSI layer said; compat_host_put() is to be
 * called then, too.
 */
int compat_add_host(struct Scsi_Host *shost, struct device *parent)
{
	*compat_slots_at(shost) = compat_slots_alloc(shost->can_queue);
	if (!*compat_slots_at(shost))
		return -ENOMEM;
	return scsi_add_host(shost, parent);
}

/**
 * compat_host_put - scsi_host_put(), and free the slots
 * @shost: the host, not added or removed
 *
 * May sleep.
 */
void compat_host_put(struct Scsi_Host *shost)
{
	compat_slots_free(*compat_slots_at(shost));
	*compat_slots_at(shost) = NULL;
	scsi_host_put(shost);
}

#endif
