// SPDX-License-Identifier: GPL-2.0-only
#include <scsi/scsi_host.h>

void probe(struct Scsi_Host *shost);
void probe(struct Scsi_Host *shost)
{
	shost->nr_hw_queues = 2;
	shost->host_tagset = 1;
}
