// SPDX-License-Identifier: GPL-2.0-only
#include <linux/blk-mq.h>

u32 probe(struct request *rq);
u32 probe(struct request *rq)
{
	return blk_mq_unique_tag(rq) >> BLK_MQ_UNIQUE_TAG_BITS;
}
