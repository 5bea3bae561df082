/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_SCHED_MM_H
#define TCM_LOOP_COMPAT_SCHED_MM_H

#include "tcm_loop_probed.h"

#ifdef COMPAT_HAS_sched_mm_h
#include_next <linux/sched/mm.h>
#else
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
#endif

#endif /* TCM_LOOP_COMPAT_SCHED_MM_H */
