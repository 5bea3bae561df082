/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_SCSI_TCQ_H
#define TCM_LOOP_COMPAT_SCSI_TCQ_H

#include <scsi/scsi_cmnd.h>
#include_next <scsi/scsi_tcq.h>
#include "tcm_loop_probed.h"

#ifdef COMPAT_SCSI_SLOTS
struct scsi_cmnd *compat_scsi_find_tag(struct Scsi_Host *shost, u32 tag);
#define scsi_host_find_tag compat_scsi_find_tag
#endif

#endif /* TCM_LOOP_COMPAT_SCSI_TCQ_H */
