/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_TARGET_CORE_BASE_H
#define TCM_LOOP_COMPAT_TARGET_CORE_BASE_H

#include_next <target/target_core_base.h>
#include "tcm_loop_probed.h"

#ifndef COMPAT_HAS_target_prot_type
/* Protection information is unknown; what is set has no effect. */
enum target_prot_op {
	TARGET_PROT_NORMAL = 0,
	TARGET_PROT_DIN_PASS = 1,
	TARGET_PROT_DOUT_PASS = 2,
};

enum target_prot_type {
	TARGET_DIF_TYPE0_PROT,
	TARGET_DIF_TYPE1_PROT,
	TARGET_DIF_TYPE2_PROT,
	TARGET_DIF_TYPE3_PROT,
};
#endif

#endif /* TCM_LOOP_COMPAT_TARGET_CORE_BASE_H */
