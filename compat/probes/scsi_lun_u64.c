// SPDX-License-Identifier: GPL-2.0-only
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>
#include <scsi/scsi_transport.h>

int probe_scan(struct Scsi_Host *shost, uint channel, uint id, u64 lun);

struct scsi_transport_template probe = { .user_scan = probe_scan };
