/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux 3.8, see ../target/target_core_base.h. */
#if MODEL >= 401
#include_next <scsi/scsi_tcq.h>
#else
#ifndef MODEL_SCSI_TCQ_H
#define MODEL_SCSI_TCQ_H

#include <scsi/scsi_device.h>

#define MSG_SIMPLE_TAG 0x20

int scsi_get_tag_type(struct scsi_device *sdev);

#endif /* MODEL_SCSI_TCQ_H */
#endif
