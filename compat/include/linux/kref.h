/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_KREF_H
#define TCM_LOOP_COMPAT_KREF_H

#include_next <linux/kref.h>
#include <linux/atomic.h>
#include "tcm_loop_probed.h"

#ifndef COMPAT_HAS_kref_read
static inline unsigned int kref_read(const struct kref *kref)
{
	return atomic_read(&kref->refcount);
}
#endif

#endif /* TCM_LOOP_COMPAT_KREF_H */
