// SPDX-License-Identifier: GPL-2.0-only
#include <scsi/scsi_device.h>

int probe(struct scsi_device *sdev);
int probe(struct scsi_device *sdev)
{
	return scsi_change_queue_depth(sdev, 1);
}
