/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_IDR_H
#define TCM_LOOP_COMPAT_IDR_H

#include_next <linux/idr.h>
#include "tcm_loop_probed.h"

#ifndef COMPAT_HAS_ida_alloc_max
#ifdef COMPAT_HAS_ida_simple_get
static inline int ida_alloc_max(struct ida *ida, unsigned int max, gfp_t gfp)
{
	return ida_simple_get(ida, 0, max + 1, gfp);
}

static inline void ida_free(struct ida *ida, unsigned int id)
{
	ida_simple_remove(ida, id);
}
#else
/* In compat/idr.c. */
#define COMPAT_IDA_IN_PARTS
int ida_alloc_max(struct ida *ida, unsigned int max, gfp_t gfp);
void ida_free(struct ida *ida, unsigned int id);
#endif
#endif

#endif /* TCM_LOOP_COMPAT_IDR_H */
