/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_MISSING_SCHED_MM_H
#define TCM_LOOP_MISSING_SCHED_MM_H

#include <linux/sched.h>

#ifndef PF_MEMALLOC_NOIO
/* Nobody who calls this submits directly. */
static inline unsigned int memalloc_noio_save(void)
{
	return 0;
}

static inline void memalloc_noio_restore(unsigned int flags)
{
}
#endif

#endif /* TCM_LOOP_MISSING_SCHED_MM_H */
