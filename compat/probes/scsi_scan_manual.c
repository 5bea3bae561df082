// SPDX-License-Identifier: GPL-2.0-only
#include <scsi/scsi_device.h>

const int probe = SCSI_SCAN_MANUAL;
