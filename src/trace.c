// SPDX-License-Identifier: GPL-2.0-only
/*
 * The code of the trace events.
 */
#include <linux/blk-mq.h>
#include <linux/string.h>
#include <trace/events/scsi.h> /* names of commands */

#include "tcm_loop.h"

/* From here on, headers with trace events would have theirs made, too. */
#define CREATE_TRACE_POINTS
#include "tcm_loop_trace.h"
