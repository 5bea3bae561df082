/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_KERNEL_H
#define TCM_LOOP_COMPAT_KERNEL_H

#include_next <linux/kernel.h>
#include "tcm_loop_probed.h"

#ifndef U16_MAX
#define U16_MAX ((u16)~0U)
#define U32_MAX ((u32)~0U)
#define U64_MAX ((u64)~0ULL)
#endif

#ifndef COMPAT_HAS_is_enabled
#ifdef __ARG_PLACEHOLDER_1
#error "IS_ENABLED() has another form: compat's own knows no modules"
#endif
/* For options that are no module: 1 if the option is defined, as 1; else 0. */
#undef IS_ENABLED
#define IS_ENABLED(option) COMPAT_IS_ONE(option)
#define COMPAT_IS_ONE(value) COMPAT_SECOND(COMPAT_BEFORE_##value 1, 0)
#define COMPAT_BEFORE_1 0,
#define COMPAT_SECOND(...) COMPAT_SECOND_OF(__VA_ARGS__, 0)
#define COMPAT_SECOND_OF(first, second, ...) second
#endif

#endif /* TCM_LOOP_COMPAT_KERNEL_H */
