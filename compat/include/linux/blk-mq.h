/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_BLK_MQ_H
#define TCM_LOOP_COMPAT_BLK_MQ_H

#include_next <linux/blk-mq.h>
#include "tcm_loop_probed.h"
#include <scsi/scsi_cmnd.h>

#ifdef COMPAT_SCSI_SLOTS
#define blk_mq_unique_tag compat_scsi_cmd_tag
#endif
#ifndef COMPAT_HAS_blk_mq_unique_tag
/* There is one hardware queue, so that no tag has this bit. */
#define BLK_MQ_UNIQUE_TAG_BITS 16
#endif

#ifndef COMPAT_HAS_direct_compl_supp
/* Before there was direct submission nobody asks. */
#define tcm_loop_plug_has_others(plug, q) false
#endif

#endif /* TCM_LOOP_COMPAT_BLK_MQ_H */
