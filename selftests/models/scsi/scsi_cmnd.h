/* SPDX-License-Identifier: GPL-2.0-only */
/* With the target core of Linux 4.4: as in 5.14 and 5.15. */
#if MODEL == 404
#include <scsi/scsi_host.h>
#endif
#include_next <scsi/scsi_cmnd.h>
