/* SPDX-License-Identifier: GPL-2.0-only */
/* It was part of another (before 4.2). */
#include <scsi/scsi.h>
