/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_WORKQUEUE_H
#define TCM_LOOP_COMPAT_WORKQUEUE_H

#include_next <linux/workqueue.h>
#include "tcm_loop_probed.h"

#ifndef COMPAT_HAS_wq_percpu
/* What was not unbound was per CPU, without saying so. */
enum {
	WQ_PERCPU = 0,
};
#endif

#endif /* TCM_LOOP_COMPAT_WORKQUEUE_H */
