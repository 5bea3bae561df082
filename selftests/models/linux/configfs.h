/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux 3.8 and 4.1, see ../target/target_core_base.h. */
#ifndef MODEL_CONFIGFS_H
#define MODEL_CONFIGFS_H

#include_next <linux/configfs.h>

#if MODEL < 404
#undef CONFIGFS_ATTR
#undef CONFIGFS_ATTR_RO
#endif

#endif /* MODEL_CONFIGFS_H */
