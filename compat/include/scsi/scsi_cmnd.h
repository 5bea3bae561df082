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

#ifdef COMPAT_SCSI_SLOTS
/* The target core knows a command by the slot of its private area. */
#define tcm_loop_sc_may_leave_target() false
#define tcm_loop_sc_is_passthrough(sc) false
#elif !defined(COMPAT_HAS_blk_rq_is_passthrough)
#define tcm_loop_sc_is_passthrough(sc)                                         \
	(scsi_cmd_to_rq(sc)->cmd_type != REQ_TYPE_FS)
#endif

#ifdef COMPAT_SCSI_SLOTS
#define tcm_loop_sc_is_quiet(sc) false
#elif !defined(RQF_QUIET)
/*
 * Before 4.10.  The commands of a device handler were only not to be tried
 * again until 4.6.
 */
#define tcm_loop_sc_is_quiet(sc)                                               \
	(scsi_cmd_to_rq(sc)->cmd_flags & (REQ_QUIET | REQ_FAILFAST_DEV))
#endif

#ifndef COMPAT_HAS_scsi_done_direct
#define tcm_loop_sc_is_alone(sc) false
#define scsi_done_direct scsi_done
#endif

#ifndef COMPAT_HAS_scsi_transfer_length
/* Before the target core knew of protection information. */
static inline unsigned int scsi_transfer_length(struct scsi_cmnd *sc)
{
	return scsi_bufflen(sc);
}
#endif

#ifndef COMPAT_HAS_direct_compl_supp
#define tcm_loop_sc_tags(sc) 0
#endif

#endif /* TCM_LOOP_COMPAT_SCSI_CMND_H */
