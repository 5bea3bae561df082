/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_TARGET_CORE_BACKEND_H
#define TCM_LOOP_COMPAT_TARGET_CORE_BACKEND_H

/* The kernel's own needs this one first. */
#include <target/target_core_base.h>
#include_next <target/target_core_backend.h>
#include "tcm_loop_probed.h"

#ifndef COMPAT_HAS_show_configfs_dev_params
#define tcm_loop_dev_show_params(dev, page) 0
#endif

#ifndef COMPAT_HAS_get_io_opt
#define tcm_loop_dev_io_opt(dev) 0
#endif

#ifndef COMPAT_HAS_max_write_same_len
#define tcm_loop_dev_write_same(dev) 0
#endif

#endif /* TCM_LOOP_COMPAT_TARGET_CORE_BACKEND_H */
