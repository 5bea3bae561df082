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

#define tcm_loop_dev_has_protection(dev) false
#endif

#ifndef COMPAT_HAS_se_device_dev_group
#define tcm_loop_dev_item(dev) (&(dev)->se_sub_dev->se_dev_group.cg_item)
#define tcm_loop_dev_wwn(dev) (&(dev)->se_sub_dev->t10_wwn)
#define tcm_loop_dev_attrib(dev) (&(dev)->se_sub_dev->se_dev_attrib)
#endif

#ifndef COMPAT_HAS_t10_wwn_company_id
static inline u32 tcm_loop_dev_company(const struct se_device *dev)
{
	return 0x001405;
}
#define tcm_loop_dev_company tcm_loop_dev_company
#endif

#ifndef COMPAT_HAS_lun_access_ro
#define tcm_loop_se_lun_is_read_only(lun)                                      \
	(!!((lun)->lun_access & TRANSPORT_LUNFLAGS_READ_ONLY))
#define tcm_loop_se_lun_set_read_only(lun)                                     \
	((lun)->lun_access = TRANSPORT_LUNFLAGS_READ_ONLY)
#endif

#ifdef COMPAT_HAS_se_lun_rcu_head
/* Ports have it since 6.4, before that each of a device's LUNs had. */
#ifndef COMPAT_HAS_tpg_rtpi
#define tcm_loop_se_lun_rtpi(lun) ((lun)->lun_rtpi)
#endif

/*
 * Old cores make a name of iSCSI's TransportIDs only, and take the others'
 * bytes for text.  That is no matter of the API: seen on 5.10.223, but not on
 * 6.1.176, so it is decided by something between them.
 */
#ifndef COMPAT_HAS_target_submit_prep
#define tcm_loop_core_parses_transport_ids() false
#endif
#else
/* LUNs are part of the TPG, until 4.3.  See compat/entry.c, too. */
static inline void tcm_loop_se_lun_get(struct se_lun *lun)
{
}
#define tcm_loop_se_lun_get tcm_loop_se_lun_get

static inline void tcm_loop_se_lun_put(struct se_lun *lun)
{
}

static inline u16 tcm_loop_se_lun_rtpi(const struct se_lun *lun)
{
	return 0;
}
#define tcm_loop_se_lun_rtpi tcm_loop_se_lun_rtpi
#endif

#endif /* TCM_LOOP_COMPAT_TARGET_CORE_BASE_H */
