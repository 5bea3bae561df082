/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_KERNEL_H
#define TCM_LOOP_COMPAT_KERNEL_H

#include_next <linux/kernel.h>

#ifndef U16_MAX
#define U16_MAX ((u16)~0U)
#define U32_MAX ((u32)~0U)
#endif

#endif /* TCM_LOOP_COMPAT_KERNEL_H */
