/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_BLKDEV_H
#define TCM_LOOP_COMPAT_BLKDEV_H

#include_next <linux/blkdev.h>
#include <linux/sched.h>
#include "tcm_loop_probed.h"

#ifndef COMPAT_HAS_queue_limits_commit_update
/* Before 6.9 drivers set the limits of a queue where they are. */
static inline struct queue_limits
queue_limits_start_update(struct request_queue *q)
{
	return q->limits;
}

static inline int queue_limits_commit_update(struct request_queue *q,
					     struct queue_limits *lim)
{
	q->limits = *lim;
	return 0;
}
#endif

/**
 * queue_limits_set_virt_boundary - let segments leave no gaps within pages
 * @lim: the limits
 * @mask: of the boundary: each segment but a request's first begins at one, and
 *	each but its last ends at one
 *
 * As blk_queue_virt_boundary() does it; there was no such limit before 4.3.
 */
static inline void queue_limits_set_virt_boundary(struct queue_limits *lim,
						  unsigned long mask)
{
#ifdef COMPAT_HAS_virt_boundary_mask
	lim->virt_boundary_mask = mask;
	lim->max_segment_size = UINT_MAX;
#endif
}

/**
 * queue_limits_set_dma_alignment - let segments begin and end at multiples
 * @q: the queue
 * @lim: its limits, about to be committed
 * @mask: of the multiples
 *
 * As blk_queue_update_dma_alignment() does it, where the queue itself has it.
 */
static inline void queue_limits_set_dma_alignment(struct request_queue *q,
						  struct queue_limits *lim,
						  unsigned int mask)
{
#ifdef COMPAT_HAS_limits_dma_alignment
	lim->dma_alignment = max(lim->dma_alignment, mask);
#else
	blk_queue_update_dma_alignment(q, mask);
#endif
}

/**
 * blk_plug_set_aside - let a task that has a plug go on as if it had none
 *
 * In the task's own context.  The task may sleep until blk_plug_restore().
 *
 * Return: its plug, or NULL.
 */
static inline struct blk_plug *blk_plug_set_aside(void)
{
	struct blk_plug *plug = current->plug;

#ifdef PF_BLOCK_TS
	/* The plug keeps the time until the task sleeps: no longer. */
	if (plug) {
		current->flags &= ~PF_BLOCK_TS;
		plug->cur_ktime = 0;
	}
#endif
	current->plug = NULL;
	return plug;
}

/**
 * blk_plug_restore - undo blk_plug_set_aside()
 * @plug: what it returned
 */
static inline void blk_plug_restore(struct blk_plug *plug)
{
	current->plug = plug;
}

#endif /* TCM_LOOP_COMPAT_BLKDEV_H */
