/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_SCSI_CMND_H
#define TCM_LOOP_COMPAT_SCSI_CMND_H

#include_next <scsi/scsi_cmnd.h>
#include "tcm_loop_probed.h"

#ifndef COMPAT_HAS_scsi_done
static inline void scsi_done(struct scsi_cmnd *sc)
{
	sc->scsi_done(sc);
}
#endif

#endif /* TCM_LOOP_COMPAT_SCSI_CMND_H */
