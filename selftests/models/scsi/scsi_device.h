/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux 3.8, see ../target/target_core_base.h. */
#ifndef MODEL_SCSI_DEVICE_H
#define MODEL_SCSI_DEVICE_H

#if MODEL < 401
#define scsi_change_queue_depth model_newer_change_queue_depth
#endif
#include_next <scsi/scsi_device.h>
#if MODEL < 401
#undef scsi_change_queue_depth
void scsi_adjust_queue_depth(struct scsi_device *sdev, int tagged, int depth);
#endif

#endif /* MODEL_SCSI_DEVICE_H */
