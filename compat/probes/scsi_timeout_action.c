// SPDX-License-Identifier: GPL-2.0-only
#include <scsi/scsi_host.h>

enum scsi_timeout_action probe(void);
enum scsi_timeout_action probe(void)
{
	return SCSI_EH_RESET_TIMER;
}
