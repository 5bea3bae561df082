/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_TARGET_CORE_FABRIC_H
#define TCM_LOOP_COMPAT_TARGET_CORE_FABRIC_H

/* The kernel's own needs this one first. */
#include <target/target_core_base.h>
#include_next <target/target_core_fabric.h>
#include "tcm_loop_probed.h"

#ifndef COMPAT_HAS_target_submit_prep
/*
 * One call, which may sleep, did it all.  Here it is in three parts, in
 * compat/submit.c, and its own work queue runs the last two.
 */
int target_init_cmd(struct se_cmd *se_cmd, struct se_session *session,
		    unsigned char *sense, u64 unpacked_lun, u32 data_length,
		    int task_attr, int data_dir, int flags);
int target_submit_prep(struct se_cmd *se_cmd, unsigned char *cdb,
		       struct scatterlist *sgl, u32 sgl_count,
		       struct scatterlist *sgl_bidi, u32 sgl_bidi_count,
		       struct scatterlist *sgl_prot, u32 sgl_prot_count,
		       gfp_t gfp);
void target_submit(struct se_cmd *se_cmd);

/* The work queue lives as long as the fabric is registered. */
int compat_register_template(const struct target_core_fabric_ops *ops);
void compat_unregister_template(const struct target_core_fabric_ops *ops);
#define target_register_template compat_register_template
#define target_unregister_template compat_unregister_template
#elif defined(COMPAT_HAS_target_queue_submission)
/*
 * Submission was direct unless a fabric queued it.  Later target_submit()
 * queues by itself where it may not be direct.
 */
#define target_submit target_queue_submission
#endif

#ifndef COMPAT_HAS_target_stop_session
#define target_stop_session target_sess_cmd_list_set_waiting
#endif

/*
 * Direct submission and completion, without a work queue of the target core's.
 * A core that cannot complete directly batches commands in its work queues,
 * and is better left to submit them through one, too.
 */
#ifdef COMPAT_HAS_direct_compl_supp
#define TARGET_FABRIC_DIRECT_OPS                                               \
	.direct_compl_supp = 1, .direct_submit_supp = 1,                       \
	.default_compl_type = TARGET_DIRECT_COMPL,                             \
	.default_submit_type = TARGET_DIRECT_SUBMIT

static inline bool target_core_completes_directly(void)
{
	return true;
}

/* Unless the administrator has chosen another way for the backstore. */
static inline bool target_submits_directly(const struct se_device *dev)
{
	return dev->dev_attrib.submit_type == TARGET_FABRIC_DEFAULT_SUBMIT;
}
#else
#define TARGET_FABRIC_DIRECT_OPS

static inline bool target_core_completes_directly(void)
{
	return false;
}

static inline bool target_submits_directly(const struct se_device *dev)
{
	return false;
}
#endif

/**
 * target_tpg_set_rtpi - set a target port's relative target port identifier
 * @se_tpg: the target port, registered
 * @rtpi: the identifier; 0 leaves the choice to the target core
 *
 * As writing to its rtpi attribute does.  Before ports had that attribute, the
 * target core gave each port of a logical unit an identifier.
 */
static inline void target_tpg_set_rtpi(struct se_portal_group *se_tpg, u16 rtpi)
{
#ifdef COMPAT_HAS_tpg_rtpi
	se_tpg->tpg_rtpi = rtpi;
	se_tpg->rtpi_manual = rtpi;
#endif
}

#endif /* TCM_LOOP_COMPAT_TARGET_CORE_FABRIC_H */
