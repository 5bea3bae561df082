// SPDX-License-Identifier: GPL-2.0-only
#include <linux/blk-mq.h>

int probe = BLK_MQ_F_NO_SCHED_BY_DEFAULT;
