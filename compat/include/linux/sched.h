/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_SCHED_H
#define TCM_LOOP_COMPAT_SCHED_H

#include_next <linux/sched.h>
#include "tcm_loop_probed.h"

#ifndef COMPAT_HAS_schedule_timeout_idle
/* The same wait, but it counts in the load average. */
static inline long schedule_timeout_idle(long timeout)
{
	return schedule_timeout_uninterruptible(timeout);
}
#endif

#ifndef PF_LOCAL_THROTTLE
#define PF_LOCAL_THROTTLE PF_LESS_THROTTLE
#endif

#endif /* TCM_LOOP_COMPAT_SCHED_H */
