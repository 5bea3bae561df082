/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_COMPILER_H
#define TCM_LOOP_COMPAT_COMPILER_H

#include_next <linux/compiler.h>

#ifndef READ_ONCE
#define READ_ONCE(x) ACCESS_ONCE(x)
#define WRITE_ONCE(x, value) (ACCESS_ONCE(x) = (value))
#endif

/* Nothing looked for data races. */
#ifndef data_race
#define data_race(expression) (expression)
#endif

#endif /* TCM_LOOP_COMPAT_COMPILER_H */
