// SPDX-License-Identifier: GPL-2.0-only
#include <scsi/scsi_host.h>

bool probe(struct scsi_cmnd *sc, void *data);
void probe_host(struct Scsi_Host *shost);
void probe_host(struct Scsi_Host *shost)
{
	scsi_host_busy_iter(shost, probe, NULL);
}
