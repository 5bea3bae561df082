// SPDX-License-Identifier: GPL-2.0-only
#include <scsi/scsi_host.h>

const struct scsi_host_template probe = { .init_cmd_priv = NULL };
