// SPDX-License-Identifier: GPL-2.0-only
#include <scsi/scsi_host.h>

const enum scsi_timeout_action probe[] = {
	SCSI_EH_NOT_HANDLED,
	SCSI_EH_RESET_TIMER,
	SCSI_EH_DONE,
};
