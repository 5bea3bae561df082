/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux 3.8, see ../target/target_core_base.h. */
#ifndef MODEL_CONFIGFS_H
#define MODEL_CONFIGFS_H

#include_next <linux/configfs.h>

/* 4.1 keeps them as RHEL 7.3 has them: beside a target core without them. */
#if MODEL < 401
#undef CONFIGFS_ATTR
#undef CONFIGFS_ATTR_RO
#endif

#endif /* MODEL_CONFIGFS_H */
