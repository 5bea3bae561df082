// SPDX-License-Identifier: GPL-2.0-only
#include <scsi/scsi_device.h>

int (*probe)(struct scsi_device *, int) = scsi_change_queue_depth;
