/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux 3.8, see ../target/target_core_base.h. */
#if MODEL >= 401
#include_next <scsi/scsi_transport.h>
#else
#ifndef MODEL_SCSI_TRANSPORT_H
#define MODEL_SCSI_TRANSPORT_H

struct Scsi_Host;

struct scsi_transport_template {
	int (*user_scan)(struct Scsi_Host *, uint, uint, uint);
};

#endif /* MODEL_SCSI_TRANSPORT_H */
#endif
