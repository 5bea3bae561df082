/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the driver does with objects of the kernel's for which the kernel has no
 * function of its own.
 *
 * It is here as the newest kernel wants it.  For older ones compat/ has some of
 * it in another form: a macro of that name says so.
 */
#ifndef TCM_LOOP_KERNEL_H
#define TCM_LOOP_KERNEL_H

#include <linux/blk-mq.h>
#include <linux/blkdev.h>
#include <linux/configfs.h>
#include <linux/kernel.h>
#include <linux/sched.h>
#include <linux/types.h>
#include <linux/wait.h>
#include <linux/workqueue.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>
#include <target/target_core_base.h>
#include <target/target_core_backend.h>
#include <target/target_core_fabric.h>

/*
 * The block layer
 */

/* May a bio be larger than its device takes at once? */
#ifndef tcm_loop_bios_are_split
static inline bool tcm_loop_bios_are_split(void)
{
	return true;
}
#endif

/**
 * tcm_loop_limits_set_virt_boundary - let segments leave no gaps within pages
 * @lim: the limits
 * @mask: of the boundary: each segment but a request's first begins at one, and
 *	each but its last ends at one
 *
 * As blk_queue_virt_boundary() did it.
 */
#ifndef tcm_loop_limits_set_virt_boundary
static inline void tcm_loop_limits_set_virt_boundary(struct queue_limits *lim,
						     unsigned long mask)
{
	lim->virt_boundary_mask = mask;
	lim->max_segment_size = UINT_MAX;
}
#endif

/**
 * tcm_loop_limits_set_dma_alignment - let segments begin and end at multiples
 * @q: the queue
 * @lim: its limits, about to be committed
 * @mask: of the multiples
 *
 * As blk_queue_update_dma_alignment() did it.
 */
#ifndef tcm_loop_limits_set_dma_alignment
static inline void tcm_loop_limits_set_dma_alignment(struct request_queue *q,
						     struct queue_limits *lim,
						     unsigned int mask)
{
	lim->dma_alignment = max(lim->dma_alignment, mask);
}
#endif

/**
 * tcm_loop_plug_set_aside - let a task that has a plug go on as if it had none
 *
 * In the task's own context.  The task may sleep until its plug is put back:
 * the plug keeps the time until the task sleeps, and no longer.
 *
 * Return: its plug, or NULL, for current->plug.
 */
#ifndef tcm_loop_plug_set_aside
static inline struct blk_plug *tcm_loop_plug_set_aside(void)
{
	struct blk_plug *plug = current->plug;

	if (plug) {
		current->flags &= ~PF_BLOCK_TS;
		plug->cur_ktime = 0;
	}
	current->plug = NULL;
	return plug;
}
#endif

/**
 * tcm_loop_plug_has_others - does a plug hold requests not of one queue alone?
 * @plug: the task's plug
 * @q: the queue
 *
 * In the task's own context.  For cores that submit directly; with others
 * nobody asks.
 *
 * Return: true if so.
 */
#ifndef tcm_loop_plug_has_others
static inline bool tcm_loop_plug_has_others(const struct blk_plug *plug,
					    const struct request_queue *q)
{
	const struct request *cached = plug->cached_rqs.head;

	return plug->multiple_queues || (cached && cached->q != q);
}
#endif

/* A bitmap as a list, in a buffer. */
#ifndef tcm_loop_show_bitmap
#define tcm_loop_show_bitmap(buffer, size, map, bits)                          \
	scnprintf(buffer, size, "%*pbl", bits, map)
#endif

/*
 * The SCSI layer
 */

/* How a transport's user_scan gets the LUN. */
#ifndef tcm_loop_scan_lun_t
#define tcm_loop_scan_lun_t u64
#endif

/*
 * In a template: the driver clears its part of a command itself, in
 * queuecommand.  A SCSI layer that can initialize that part once does not clear
 * it for each command then.
 */
#ifndef TCM_LOOP_CLEARS_CMD_PRIV
static inline int tcm_loop_init_cmd_priv(struct Scsi_Host *shost,
					 struct scsi_cmnd *sc)
{
	return 0;
}

#define TCM_LOOP_CLEARS_CMD_PRIV .init_cmd_priv = tcm_loop_init_cmd_priv,
#endif

/**
 * tcm_loop_sc_may_leave_target - may the target's part of a command lie apart?
 *
 * Return: true, but where the target core knows a command by its slot among
 * those of the host.
 */
#ifndef tcm_loop_sc_may_leave_target
static inline bool tcm_loop_sc_may_leave_target(void)
{
	return true;
}
#endif

/**
 * tcm_loop_sc_is_passthrough - is a command a program's, or of a SCSI driver's
 * own?
 * @sc: a command between queuecommand and its completion
 *
 * Return: true if so; false if it belongs to I/O of a block device, or where
 * tcm_loop_sc_may_leave_target() is false.
 */
#ifndef tcm_loop_sc_is_passthrough
static inline bool tcm_loop_sc_is_passthrough(struct scsi_cmnd *sc)
{
	return blk_rq_is_passthrough(scsi_cmd_to_rq(sc));
}
#endif

/**
 * tcm_loop_sc_is_quiet - are failures of a command not to be logged?
 * @sc: a command between queuecommand and its completion
 *
 * Of the commands for which tcm_loop_sc_is_passthrough() is true, those that a
 * program has the sense data of are not, and those that the kernel makes are: a
 * disk that is scanned, a device handler, an ioctl for persistent reservations.
 *
 * Return: true if so.
 */
#ifndef tcm_loop_sc_is_quiet
static inline bool tcm_loop_sc_is_quiet(struct scsi_cmnd *sc)
{
	return scsi_cmd_to_rq(sc)->rq_flags & RQF_QUIET;
}
#endif

/**
 * tcm_loop_sc_is_alone - has its device no other command, and does that matter?
 * @sc: a command between queuecommand and its completion
 *
 * Return: true if so; false where there is no scsi_done_direct().
 */
#ifndef tcm_loop_sc_is_alone
static inline bool tcm_loop_sc_is_alone(struct scsi_cmnd *sc)
{
	return scsi_device_busy(sc->device) == 1;
}
#endif

/**
 * tcm_loop_sc_tags - how many of a host's tags a command's disk may have
 * @sc: the command
 *
 * Any context.
 *
 * Return: its share, if all disks that are busy have the same; 0 if it has an
 * I/O scheduler, which has tags of its own, and in kernels whose target core
 * does not know direct completion.
 */
#ifndef tcm_loop_sc_tags
static inline unsigned int tcm_loop_sc_tags(struct scsi_cmnd *sc)
{
	const struct request *rq = scsi_cmd_to_rq(sc);
	const struct blk_mq_tags *tags = rq->mq_hctx->tags;

	if (rq->rq_flags & RQF_USE_SCHED)
		return 0;
	return READ_ONCE(tags->bitmap_tags.sb.depth) /
	       max(READ_ONCE(tags->active_queues), 1U);
}
#endif

/**
 * tcm_loop_sc_end_timed_out - complete a command in eh_timed_out
 * @sc: the command, with its result
 *
 * Return: what eh_timed_out is to return.
 */
#ifndef tcm_loop_sc_end_timed_out
static inline enum scsi_timeout_action
tcm_loop_sc_end_timed_out(struct scsi_cmnd *sc)
{
	scsi_done(sc);
	return SCSI_EH_DONE;
}
#endif

/**
 * tcm_loop_sdev_set_flush_lock_class - a class of their own for a disk's locks
 * @sdev: the disk
 * @key: of the class of the locks under which its flushes complete
 */
#ifndef tcm_loop_sdev_set_flush_lock_class
static inline void
tcm_loop_sdev_set_flush_lock_class(struct scsi_device *sdev,
				   struct lock_class_key *key)
{
	struct blk_mq_hw_ctx *hctx;
	unsigned long i;

	queue_for_each_hw_ctx(sdev->request_queue, hctx, i)
		blk_mq_hctx_set_fq_lock_class(hctx, key);
}
#endif

/**
 * tcm_loop_shost_set_nr_hw_queues - how many hardware queues a host has
 * @shost: the host, not yet added
 * @queues: how many are wanted
 *
 * All share one set of tags, whatever their number.  Where the SCSI layer
 * cannot share tags there is one queue, whatever is wanted: each would have a
 * set of its own, of can_queue tags.
 */
#ifndef tcm_loop_shost_set_nr_hw_queues
static inline void tcm_loop_shost_set_nr_hw_queues(struct Scsi_Host *shost,
						   unsigned int queues)
{
	shost->nr_hw_queues = queues;
	shost->host_tagset = queues > 1;
}
#endif

/**
 * tcm_loop_shost_set_may_block - have queuecommand called where it may sleep
 * @shost: the host, not yet added
 *
 * Does nothing where the SCSI layer does not know of this; queuecommand must
 * not sleep there.
 */
#ifndef tcm_loop_shost_set_may_block
static inline void tcm_loop_shost_set_may_block(struct Scsi_Host *shost)
{
	shost->queuecommand_may_block = true;
}
#endif

/**
 * tcm_loop_shost_set_no_sched - disks begin without an I/O scheduler
 * @shost: the host, added, without disks
 *
 * Does nothing where the block layer cannot be told.
 */
#ifndef tcm_loop_shost_set_no_sched
static inline void tcm_loop_shost_set_no_sched(struct Scsi_Host *shost)
{
	shost->tag_set.flags |= BLK_MQ_F_NO_SCHED_BY_DEFAULT;
}
#endif

/**
 * tcm_loop_shost_set_no_offline_wait - a CPU may go while commands wait
 * @shost: the host, added, without disks
 *
 * A hardware queue of CPUs that are all being taken offline is waited for, with
 * all of CPU hotplug locked: its interrupt would go with them.  A host without
 * interrupts does not need that.
 */
#ifndef tcm_loop_shost_set_no_offline_wait
static inline void tcm_loop_shost_set_no_offline_wait(struct Scsi_Host *shost)
{
	shost->tag_set.flags |= BLK_MQ_F_STACKING;
}
#endif

/*
 * Disks
 */

/**
 * tcm_loop_rescan - have a disk's size and the like read again
 * @sdev: the disk
 *
 * May sleep.
 *
 * Return: 0, or a negative errno if the disk cannot be sent commands now.
 */
#ifndef tcm_loop_rescan
static inline int tcm_loop_rescan(struct scsi_device *sdev)
{
	return scsi_rescan_device(sdev);
}
#endif

/*
 * The target core's backstores
 */

/* A backstore's directory in configfs. */
#ifndef tcm_loop_dev_item
static inline struct config_item *tcm_loop_dev_item(struct se_device *dev)
{
	return &dev->dev_group.cg_item;
}
#endif

/* What identifies a backstore. */
#ifndef tcm_loop_dev_wwn
static inline const struct t10_wwn *
tcm_loop_dev_wwn(const struct se_device *dev)
{
	return &dev->t10_wwn;
}
#endif

/* The IEEE company identifier of its NAA identifier. */
#ifndef tcm_loop_dev_company
static inline u32 tcm_loop_dev_company(const struct se_device *dev)
{
	return dev->t10_wwn.company_id;
}
#endif

#ifndef tcm_loop_dev_attrib
static inline const struct se_dev_attrib *
tcm_loop_dev_attrib(const struct se_device *dev)
{
	return &dev->dev_attrib;
}
#endif

/* Has what is written to a backstore protection information of its own? */
#ifndef tcm_loop_dev_has_protection
static inline bool tcm_loop_dev_has_protection(const struct se_device *dev)
{
	return tcm_loop_dev_attrib(dev)->pi_prot_type != TARGET_DIF_TYPE0_PROT;
}
#endif

/**
 * tcm_loop_dev_io_opt - the optimal size of I/O that the device below reports
 * @dev: the backstore
 *
 * Any context.
 *
 * Return: the size in bytes; 0 if none is reported, or the core does not ask.
 */
#ifndef tcm_loop_dev_io_opt
static inline unsigned int tcm_loop_dev_io_opt(struct se_device *dev)
{
	return dev->transport->get_io_opt ? dev->transport->get_io_opt(dev) : 0;
}
#endif

/* How many blocks a WRITE SAME of a backstore may have; 0 if not known. */
#ifndef tcm_loop_dev_write_same
static inline u32 tcm_loop_dev_write_same(const struct se_device *dev)
{
	return tcm_loop_dev_attrib(dev)->max_write_same_len;
}
#endif

/**
 * tcm_loop_dev_show_params - what a backstore's "info" ends with
 * @dev: the backstore
 * @page: where to, one page
 *
 * May sleep.
 *
 * Return: the length; 0 where the core does not ask the backstore itself.
 */
#ifndef tcm_loop_dev_show_params
static inline ssize_t tcm_loop_dev_show_params(struct se_device *dev,
					       char *page)
{
	return dev->transport->show_configfs_dev_params(dev, page);
}
#endif

/*
 * The target core's LUNs and target ports
 */

/*
 * Keep the memory of a LUN.  Where LUNs are not allocated one by one it is part
 * of the TPG.
 */
#ifndef tcm_loop_se_lun_get
static inline void tcm_loop_se_lun_get(struct se_lun *se_lun)
{
	config_item_get(&se_lun->lun_group.cg_item);
}

static inline void tcm_loop_se_lun_put(struct se_lun *se_lun)
{
	config_item_put(&se_lun->lun_group.cg_item);
}
#endif

/* A LUN's write protection, as MODE SENSE tells it. */
#ifndef tcm_loop_se_lun_is_read_only
static inline bool tcm_loop_se_lun_is_read_only(const struct se_lun *se_lun)
{
	return se_lun->lun_access_ro;
}

static inline void tcm_loop_se_lun_set_read_only(struct se_lun *se_lun)
{
	se_lun->lun_access_ro = true;
}
#endif

#ifndef tcm_loop_se_lun_rtpi
static inline u16 tcm_loop_se_lun_rtpi(const struct se_lun *se_lun)
{
	return se_lun->lun_tpg->tpg_rtpi;
}
#endif

/**
 * tcm_loop_se_tpg_set_rtpi - set a relative target port identifier
 * @se_tpg: the target port, registered
 * @rtpi: the identifier; 0 leaves the choice to the target core
 *
 * As writing to its rtpi attribute does.
 */
#ifndef tcm_loop_se_tpg_set_rtpi
static inline void tcm_loop_se_tpg_set_rtpi(struct se_portal_group *se_tpg,
					    u16 rtpi)
{
	se_tpg->tpg_rtpi = rtpi;
	se_tpg->rtpi_manual = rtpi;
}
#endif

/**
 * tcm_loop_se_tpg_set_ops - choose a target port's operations
 * @se_tpg: the target port, without a session
 * @ops: a fabric's operations: those registered, or a changed copy of them
 *
 * May sleep.
 */
#ifndef tcm_loop_se_tpg_set_ops
static inline void
tcm_loop_se_tpg_set_ops(struct se_portal_group *se_tpg,
			const struct target_core_fabric_ops *ops)
{
	WRITE_ONCE(se_tpg->se_tpg_tfo, ops);
}
#endif

/* Does the core make a name of every protocol's TransportIDs? */
#ifndef tcm_loop_core_parses_transport_ids
#define tcm_loop_core_parses_transport_ids() true
#endif

/*
 * The target core's commands
 */

/**
 * tcm_loop_se_cmd_set_tag - by which tag ABORT TASK names a command
 * @se_cmd: the command, not yet submitted
 * @tag: the tag, unique among the commands of its session
 */
#ifndef tcm_loop_se_cmd_set_tag
static inline void tcm_loop_se_cmd_set_tag(struct se_cmd *se_cmd, u64 tag)
{
	se_cmd->tag = tag;
}
#endif

/**
 * tcm_loop_se_cmd_set_unprotected - a command on a protected LU goes
 * unprotected
 * @se_cmd: the command, not yet submitted
 *
 * Where the target core knows of protection information.
 */
#ifndef tcm_loop_se_cmd_set_unprotected
static inline void tcm_loop_se_cmd_set_unprotected(struct se_cmd *se_cmd)
{
	se_cmd->prot_pto = true;
}
#endif

/*
 * A core that says when it has unlinked a LUN.
 */
#ifndef TCM_LOOP_FABRIC_POST_UNLINK
#define TCM_LOOP_FABRIC_POST_UNLINK(function) .fabric_post_unlink = (function),

/* Wait until a LUN was unlinked since *unlinks was seen.  May sleep. */
static inline void tcm_loop_wait_for_unlink(wait_queue_head_t *queue,
					    unsigned int *unlinks,
					    unsigned int seen)
{
	wait_event_idle(*queue, READ_ONCE(*unlinks) != seen);
}
#endif

/*
 * Direct submission and completion, without a work queue of the target core's.
 * A core that cannot complete directly batches commands in its work queues,
 * and is better left to submit them through one, too.  Direct submission may
 * sleep: the SCSI layer must know.
 */
#ifndef TCM_LOOP_FABRIC_DIRECT_OPS
#define TCM_LOOP_FABRIC_DIRECT_OPS                                             \
	.direct_compl_supp = 1, .direct_submit_supp = 1,                       \
	.default_compl_type = TARGET_DIRECT_COMPL,                             \
	.default_submit_type = TARGET_DIRECT_SUBMIT

static inline bool tcm_loop_core_completes_directly(void)
{
	return true;
}

/* Unless the administrator has chosen another way for the backstore. */
static inline bool tcm_loop_submits_directly(const struct se_device *dev)
{
	return dev->dev_attrib.submit_type == TARGET_FABRIC_DEFAULT_SUBMIT;
}

/* As the administrator has chosen. */
static inline bool tcm_loop_must_submit_directly(const struct se_device *dev)
{
	return dev->dev_attrib.submit_type == TARGET_DIRECT_SUBMIT;
}

/*
 * Is a command's request the clone of another one, as request-based
 * device-mapper sends it for a multipath map?  So are no others that are for a
 * block device, but parts of a flush.
 */
static inline bool tcm_loop_sc_is_clone(struct scsi_cmnd *sc)
{
	const struct request *rq = scsi_cmd_to_rq(sc);

	return rq->end_io && !(rq->rq_flags & RQF_FLUSH_SEQ) &&
	       !tcm_loop_sc_is_passthrough(sc);
}

/* A command has work of its own, and before it is submitted that is ours. */
static inline void tcm_loop_queue_se_cmd(struct workqueue_struct *queue,
					 struct se_cmd *se_cmd,
					 work_func_t function)
{
	INIT_WORK(&se_cmd->work, function);
	queue_work(queue, &se_cmd->work);
}

static inline struct se_cmd *tcm_loop_se_cmd_of_work(struct work_struct *work)
{
	return container_of(work, struct se_cmd, work);
}
#endif

#endif /* TCM_LOOP_KERNEL_H */
