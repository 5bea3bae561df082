// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

int (*probe)(struct se_cmd *, void *, u8, gfp_t) = core_tmr_alloc_req;
