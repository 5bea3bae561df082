/* SPDX-License-Identifier: GPL-2.0-only */
/* Before 3.3, see target_core_fabric.h. */
#ifndef TCM_LOOP_MISSING_TARGET_CORE_BACKEND_H
#define TCM_LOOP_MISSING_TARGET_CORE_BACKEND_H

#include <target/target_core_base.h>
#include <target/target_core_transport.h>

#endif /* TCM_LOOP_MISSING_TARGET_CORE_BACKEND_H */
