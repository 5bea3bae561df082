// SPDX-License-Identifier: GPL-2.0-only
#include <scsi/scsi_cmnd.h>

unsigned int probe(struct scsi_cmnd *sc);
unsigned int probe(struct scsi_cmnd *sc)
{
	return scsi_transfer_length(sc);
}
