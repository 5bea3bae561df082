// SPDX-License-Identifier: GPL-2.0-only
#include <scsi/scsi_cmnd.h>

struct request *probe(struct scsi_cmnd *sc);
struct request *probe(struct scsi_cmnd *sc)
{
	return scsi_cmd_to_rq(sc);
}
