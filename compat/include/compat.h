/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What the files of compat share among themselves.
 */
#ifndef TCM_LOOP_COMPAT_H
#define TCM_LOOP_COMPAT_H

#include <linux/atomic.h>
#include <linux/completion.h>
#include <linux/types.h>

#include "tcm_loop_probed.h"

/**
 * struct compat_session - a session's fabric_sess_ptr
 * @waiting: commands that are not with the target core yet, and one for the
 *	session itself until it is stopped
 * @submitted: completed when @waiting becomes 0
 */
struct compat_session {
	atomic_t waiting;
	struct completion submitted;
};

/* compat/scsi_host.c */
struct se_cmd;
struct scsi_cmnd;
u32 compat_scsi_tag(struct se_cmd *se_cmd);
bool tcm_loop_cmd_released(struct scsi_cmnd *sc);

#endif /* TCM_LOOP_COMPAT_H */
