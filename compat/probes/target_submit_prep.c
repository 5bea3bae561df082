// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

int (*probe)(struct se_cmd *, unsigned char *, struct scatterlist *, u32,
	     struct scatterlist *, u32, struct scatterlist *, u32,
	     gfp_t) = target_submit_prep;
