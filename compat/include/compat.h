/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of compat share among themselves.
 */
#ifndef TCM_LOOP_COMPAT_H
#define TCM_LOOP_COMPAT_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/types.h>
#include <linux/workqueue.h>

#include "tcm_loop_probed.h"

/**
 * struct compat_session - a session's fabric_sess_ptr
 * @uncounted: commands that the target core does not count in the session,
 *	and one for the session itself until it is stopped
 * @none: completed when @uncounted becomes 0
 * @submit_queue: where its commands are submitted, which may sleep
 *
 * The target core counts those that it has got; before
 * target_submit_cmd_map_sgls() it counts none.
 */
struct compat_session {
	atomic_t uncounted;
	struct completion none;
	struct workqueue_struct *submit_queue;
};

/* In the RCU section in which it was found.  False: it was stopped. */
static inline bool compat_session_get(struct compat_session *mine)
{
	return atomic_inc_not_zero(&mine->uncounted);
}

static inline void compat_session_put(struct compat_session *mine)
{
	if (atomic_dec_and_test(&mine->uncounted))
		complete(&mine->none);
}

struct se_cmd;
struct scatterlist;
struct scsi_cmnd;

/**
 * struct compat_submission - what compat/handle_cdb.c must keep of a command
 * @work: submits it
 * @se_cmd: the command
 * @cdb: its CDB
 * @sgl: its data
 * @sgl_count: entries of @sgl
 */
struct compat_submission {
	struct work_struct work;
	struct se_cmd *se_cmd;
	unsigned char *cdb;
	struct scatterlist *sgl;
	u32 sgl_count;
};

/* compat/scsi_host.c */
u32 compat_scsi_tag(struct se_cmd *se_cmd);
struct compat_submission *compat_submission(struct se_cmd *se_cmd);

/* compat/handle_cdb.c */
int compat_map(struct se_cmd *se_cmd);

/* compat/fabric.c */
void compat_release_cmd(struct se_cmd *se_cmd);

#endif /* TCM_LOOP_COMPAT_H */
