/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_SLAB_H
#define TCM_LOOP_COMPAT_SLAB_H

#include_next <linux/slab.h>
#include "tcm_loop_probed.h"

#ifndef COMPAT_HAS_kmalloc_array
static inline void *kmalloc_array(size_t count, size_t size, gfp_t gfp)
{
	return kcalloc(count, size, gfp);
}
#endif

#endif /* TCM_LOOP_COMPAT_SLAB_H */
