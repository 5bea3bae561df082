// SPDX-License-Identifier: GPL-2.0-only
#include <scsi/scsi_host.h>

struct scsi_host_template probe = { .use_blk_tags = 1 };
