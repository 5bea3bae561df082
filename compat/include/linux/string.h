/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_STRING_H
#define TCM_LOOP_COMPAT_STRING_H

#include_next <linux/string.h>
#include "tcm_loop_probed.h"

#ifndef COMPAT_HAS_strscpy
/* Without the result, which nobody here looks at. */
static inline void strscpy(char *to, const char *from, size_t size)
{
	strlcpy(to, from, size);
}
#endif

#endif /* TCM_LOOP_COMPAT_STRING_H */
