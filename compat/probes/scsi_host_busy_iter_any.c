// SPDX-License-Identifier: GPL-2.0-only
#include <scsi/scsi_host.h>

const void *probe = scsi_host_busy_iter;
