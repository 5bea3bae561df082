// SPDX-License-Identifier: GPL-2.0-only
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>

int probe(struct scsi_device *sdev);
int probe(struct scsi_device *sdev)
{
	return scsi_rescan_device(sdev);
}
