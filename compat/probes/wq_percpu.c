// SPDX-License-Identifier: GPL-2.0-only
#include <linux/workqueue.h>

const unsigned int probe = WQ_PERCPU;
