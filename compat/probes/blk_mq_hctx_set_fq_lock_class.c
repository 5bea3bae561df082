// SPDX-License-Identifier: GPL-2.0-only
#include <linux/blk-mq.h>

void (*probe)(struct blk_mq_hw_ctx *,
	      struct lock_class_key *) = blk_mq_hctx_set_fq_lock_class;
