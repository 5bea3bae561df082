// SPDX-License-Identifier: GPL-2.0-only
#include <linux/blk-mq.h>

bool probe(struct request *rq);
bool probe(struct request *rq)
{
	return blk_rq_is_passthrough(rq);
}
