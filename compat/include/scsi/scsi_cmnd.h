/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_SCSI_CMND_H
#define TCM_LOOP_COMPAT_SCSI_CMND_H

#include "tcm_loop_probed.h"

#ifndef COMPAT_HAS_scsi_done
/* The kernel's header includes scsi_host.h, which calls it (5.14, 5.15). */
struct scsi_cmnd;
static inline void scsi_done(struct scsi_cmnd *sc);
#endif

#include_next <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>

/*
 * Is there a private area beside each command, and a tag for each that is
 * unique in the host?  If not, compat/scsi_host.c has both.
 */
#if !defined(COMPAT_HAS_scsi_change_queue_depth) ||                            \
	!defined(COMPAT_HAS_se_cmd_tag) || defined(COMPAT_HAS_use_blk_tags)
#define COMPAT_SCSI_SLOTS

void *compat_scsi_cmd_priv(struct scsi_cmnd *sc);
u32 compat_scsi_cmd_tag(struct scsi_cmnd *sc);
void compat_scsi_done(struct scsi_cmnd *sc);
#define scsi_cmd_priv compat_scsi_cmd_priv
/* Here the request only stands for its tag: blk_mq_unique_tag() is ours, too.
 */
#define scsi_cmd_to_rq(sc) (sc)

static inline void scsi_done(struct scsi_cmnd *sc)
{
	compat_scsi_done(sc);
}
#else
#ifndef COMPAT_HAS_scsi_cmd_to_rq
static inline struct request *scsi_cmd_to_rq(struct scsi_cmnd *sc)
{
	return sc->request;
}
#endif

#ifndef COMPAT_HAS_scsi_done
static inline void scsi_done(struct scsi_cmnd *sc)
{
	sc->scsi_done(sc);
}
#endif
#endif

/**
 * scsi_cmd_may_leave_target - may the target's part of a command lie apart?
 *
 * Return: true, but where the target core knows a command by the slot of its
 * private area.
 */
static inline bool scsi_cmd_may_leave_target(void)
{
#ifdef COMPAT_SCSI_SLOTS
	return false;
#else
	return true;
#endif
}

/**
 * scsi_cmd_is_passthrough - is a command a program's, or of a SCSI driver's
 * own?
 * @sc: a command between queuecommand and its completion
 *
 * Return: true if so; false if it belongs to I/O of a block device, or where
 * scsi_cmd_may_leave_target() is false.
 */
static inline bool scsi_cmd_is_passthrough(struct scsi_cmnd *sc)
{
#ifdef COMPAT_SCSI_SLOTS
	return false;
#elif defined(COMPAT_HAS_blk_rq_is_passthrough)
	return blk_rq_is_passthrough(scsi_cmd_to_rq(sc));
#else
	return scsi_cmd_to_rq(sc)->cmd_type != REQ_TYPE_FS;
#endif
}

/**
 * scsi_cmnd_is_alone - has its device no other command, and does that matter?
 * @sc: a command between queuecommand and its completion
 *
 * Return: true if so; false where there is no scsi_done_direct().
 */
static inline bool scsi_cmnd_is_alone(struct scsi_cmnd *sc)
{
#ifdef COMPAT_HAS_scsi_done_direct
	return scsi_device_busy(sc->device) == 1;
#else
#define scsi_done_direct scsi_done
	return false;
#endif
}

#ifndef COMPAT_HAS_scsi_transfer_length
/* Before the target core knew of protection information. */
static inline unsigned int scsi_transfer_length(struct scsi_cmnd *sc)
{
	return scsi_bufflen(sc);
}
#endif

/**
 * scsi_cmd_tags - how many of a host's tags a command's disk may have
 * @sc: the command
 *
 * Any context.
 *
 * Return: its share, if all disks that are busy have the same; 0 if it has an
 * I/O scheduler, which has tags of its own, and in kernels whose target core
 * does not know direct completion.
 */
static inline unsigned int scsi_cmd_tags(struct scsi_cmnd *sc)
{
#ifdef COMPAT_HAS_direct_compl_supp
	const struct request *rq = scsi_cmd_to_rq(sc);
	const struct blk_mq_tags *tags = rq->mq_hctx->tags;

	if (rq->rq_flags & RQF_USE_SCHED)
		return 0;
	return READ_ONCE(tags->bitmap_tags.sb.depth) /
	       max(READ_ONCE(tags->active_queues), 1U);
#else
	return 0;
#endif
}

#endif /* TCM_LOOP_COMPAT_SCSI_CMND_H */
