// SPDX-License-Identifier: GPL-2.0-only
#include <scsi/scsi_cmnd.h>

void probe(struct scsi_cmnd *sc);
void probe(struct scsi_cmnd *sc)
{
	scsi_done_direct(sc);
}
