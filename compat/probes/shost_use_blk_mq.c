// SPDX-License-Identifier: GPL-2.0-only
#include <scsi/scsi_host.h>

bool probe(struct Scsi_Host *shost);
bool probe(struct Scsi_Host *shost)
{
	return shost_use_blk_mq(shost);
}
