/* SPDX-License-Identifier: GPL-2.0-only */
/* See target_core_base.h. */
#ifndef MODEL_TARGET_CORE_DEVICE_H
#define MODEL_TARGET_CORE_DEVICE_H

#if MODEL <= 206
int transport_get_lun_for_cmd(struct se_cmd *cmd, unsigned char *cdb, u32 lun);
int transport_get_lun_for_tmr(struct se_cmd *cmd, u32 lun);
#elif MODEL <= 306
int transport_lookup_cmd_lun(struct se_cmd *cmd, u32 lun);
int transport_lookup_tmr_lun(struct se_cmd *cmd, u32 lun);
#endif

#endif /* MODEL_TARGET_CORE_DEVICE_H */
