/* SPDX-License-Identifier: GPL-2.0-only */
/* What the newer header asks of kref.h, Linux 2.6.39 to 3.1 did not have. */
#ifndef MODEL_KOBJECT_H
#define MODEL_KOBJECT_H

#if MODEL <= 301
#include <linux/kref.h>
#define kref_read(kref) 1
#endif
#include_next <linux/kobject.h>
#if MODEL <= 301
#undef kref_read
#endif

#endif /* MODEL_KOBJECT_H */
