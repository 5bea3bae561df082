/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_SCSI_DEVICE_H
#define TCM_LOOP_COMPAT_SCSI_DEVICE_H

#include_next <scsi/scsi_device.h>
#include "tcm_loop_probed.h"

#ifndef COMPAT_HAS_scsi_scan_manual
/* It was a mere "rescan". */
enum {
	SCSI_SCAN_MANUAL = 1,
};
#endif

#endif /* TCM_LOOP_COMPAT_SCSI_DEVICE_H */
