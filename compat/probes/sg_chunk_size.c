// SPDX-License-Identifier: GPL-2.0-only
#include <linux/scatterlist.h>
#include <scsi/scsi_host.h>

const int probe = SG_CHUNK_SIZE;
