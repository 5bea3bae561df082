/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_BITMAP_H
#define TCM_LOOP_COMPAT_BITMAP_H

#include_next <linux/bitmap.h>
#include "tcm_loop_probed.h"

/* Until 4.0; then "%*pbl" came in its place. */
#ifdef COMPAT_HAS_bitmap_scnlistprintf
#define tcm_loop_show_bitmap bitmap_scnlistprintf
#endif

#endif /* TCM_LOOP_COMPAT_BITMAP_H */
