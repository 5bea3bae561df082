/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_TARGET_CORE_BASE_H
#define TCM_LOOP_COMPAT_TARGET_CORE_BASE_H

#include <linux/configfs.h>
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

/*
 * Keep the memory of a LUN.  Where LUNs are not allocated one by one (4.3), it
 * is part of the TPG.
 */
#ifdef COMPAT_HAS_se_lun_rcu_head
static inline void target_lun_get(struct se_lun *lun)
{
	config_item_get(&lun->lun_group.cg_item);
}

static inline void target_lun_put(struct se_lun *lun)
{
	config_item_put(&lun->lun_group.cg_item);
}
#else
static inline void target_lun_get(struct se_lun *lun)
{
}

static inline void target_lun_put(struct se_lun *lun)
{
}
#endif

#endif /* TCM_LOOP_COMPAT_TARGET_CORE_BASE_H */
