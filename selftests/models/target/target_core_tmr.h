/* SPDX-License-Identifier: GPL-2.0-only */
/* See target_core_base.h. */
#ifndef MODEL_TARGET_CORE_TMR_H
#define MODEL_TARGET_CORE_TMR_H

#if MODEL <= 301
struct se_tmr_req *core_tmr_alloc_req(struct se_cmd *cmd, void *private,
				      u8 function);
#elif MODEL <= 302
struct se_tmr_req *core_tmr_alloc_req(struct se_cmd *cmd, void *private,
				      u8 function, gfp_t gfp);
#elif MODEL <= 306
int core_tmr_alloc_req(struct se_cmd *cmd, void *private, u8 function,
		       gfp_t gfp);
#endif

#endif /* MODEL_TARGET_CORE_TMR_H */
