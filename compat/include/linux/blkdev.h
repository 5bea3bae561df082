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

/* Until 5.19 the queue itself had it, and not its limits. */
static inline void tcm_loop_limits_set_dma_alignment(struct request_queue *q,
						     struct queue_limits *lim,
						     unsigned int mask)
{
	queue_limits_commit_update(q, lim);
	blk_queue_update_dma_alignment(q, mask);
	*lim = q->limits;
}
#define tcm_loop_limits_set_dma_alignment tcm_loop_limits_set_dma_alignment
#endif

#ifndef COMPAT_HAS_bios_are_split
/*
 * Until 4.2 bio_add_page() refused what is too large, and iblock, with a
 * segment of which the device does not take the whole, tried for ever.
 */
#define tcm_loop_bios_are_split() false
#endif

#ifndef COMPAT_HAS_virt_boundary_mask
/* There was no such limit before 4.3. */
static inline void tcm_loop_limits_set_virt_boundary(struct queue_limits *lim,
						     unsigned long mask)
{
}
#define tcm_loop_limits_set_virt_boundary tcm_loop_limits_set_virt_boundary
#endif

#ifndef PF_BLOCK_TS
/* A plug kept no time. */
static inline struct blk_plug *tcm_loop_plug_set_aside(void)
{
	struct blk_plug *plug = current->plug;

	current->plug = NULL;
	return plug;
}
#define tcm_loop_plug_set_aside tcm_loop_plug_set_aside
#endif

#endif /* TCM_LOOP_COMPAT_BLKDEV_H */
