/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_SCSI_HOST_H
#define TCM_LOOP_COMPAT_SCSI_HOST_H

#include_next <scsi/scsi_host.h>
#include "tcm_loop_probed.h"

#ifndef COMPAT_HAS_scsi_qc_status
/*
 * queuecommand returned int.  An enumeration with a negative constant is
 * represented as int, and so is compatible with it.
 */
enum scsi_qc_status {
	COMPAT_SCSI_QC_IS_INT = -1,
};
#endif

#ifndef COMPAT_HAS_scsi_timeout_action
/* eh_timed_out answered in the block layer's terms. */
#define scsi_timeout_action blk_eh_timer_return
#define SCSI_EH_NOT_HANDLED BLK_EH_DONE
#define SCSI_EH_RESET_TIMER BLK_EH_RESET_TIMER
#endif

#ifndef COMPAT_HAS_sdev_init
#define sdev_init slave_alloc
#define sdev_destroy slave_destroy
#endif

/**
 * scsi_host_set_may_block - queuecommand is to be called where it may sleep
 * @shost: the host, not yet added
 *
 * Does nothing where the SCSI layer does not know of this; queuecommand must
 * not sleep there.
 */
static inline void scsi_host_set_may_block(struct Scsi_Host *shost)
{
#ifdef COMPAT_HAS_queuecommand_may_block
	shost->queuecommand_may_block = true;
#endif
}

#endif /* TCM_LOOP_COMPAT_SCSI_HOST_H */
