/* SPDX-License-Identifier: GPL-2.0-only */
/* It was part of another (before 4.2). */
#include <scsi/scsi.h>

#ifndef SYNCHRONIZE_CACHE_16
#define SYNCHRONIZE_CACHE_16 0x91
#endif

#ifndef TYPE_ZBC
#define TYPE_ZBC 0x14
#endif

/* Its name had no length. */
#ifndef SERVICE_ACTION_IN_16
#define SERVICE_ACTION_IN_16 0x9e
#endif
