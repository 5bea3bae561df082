/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * Trace events: /sys/kernel/tracing/events/tcm_loop.  Each is a no-op in the
 * instruction stream until it is enabled.
 *
 * A command is known by its address, H:C:T:L, and its tag, from submit to
 * complete.
 */
#undef TRACE_SYSTEM
#define TRACE_SYSTEM tcm_loop

#if !defined(TCM_LOOP_TRACE_H) || defined(TRACE_HEADER_MULTI_READ)
#define TCM_LOOP_TRACE_H

#include <linux/blk-mq.h>
#include <linux/string.h>
#include <linux/tracepoint.h>

#include "tcm_loop.h"

TRACE_DEFINE_ENUM(TCM_LOOP_WAY_CORE);
TRACE_DEFINE_ENUM(TCM_LOOP_WAY_AT_ONCE);
TRACE_DEFINE_ENUM(TCM_LOOP_WAY_QUEUE);
TRACE_DEFINE_ENUM(FAULT_NO_ANSWER);
TRACE_DEFINE_ENUM(FAULT_NOT_TAKEN);
TRACE_DEFINE_ENUM(FAULT_STATUS);
TRACE_DEFINE_ENUM(FAULT_DELAY);
TRACE_DEFINE_ENUM(FAULT_ATTENTION);
TRACE_DEFINE_ENUM(FAULT_ANSWER_LOST);
TRACE_DEFINE_ENUM(DID_OK);
TRACE_DEFINE_ENUM(DID_NO_CONNECT);
TRACE_DEFINE_ENUM(DID_RESET);
TRACE_DEFINE_ENUM(DID_TRANSPORT_DISRUPTED);
TRACE_DEFINE_ENUM(DID_TRANSPORT_FAILFAST);
TRACE_DEFINE_ENUM(SAM_STAT_GOOD);
TRACE_DEFINE_ENUM(SAM_STAT_CHECK_CONDITION);
TRACE_DEFINE_ENUM(SAM_STAT_BUSY);
TRACE_DEFINE_ENUM(SAM_STAT_RESERVATION_CONFLICT);
TRACE_DEFINE_ENUM(SAM_STAT_TASK_SET_FULL);
TRACE_DEFINE_ENUM(SAM_STAT_TASK_ABORTED);
TRACE_DEFINE_ENUM(TMR_LUN_RESET);
TRACE_DEFINE_ENUM(TMR_FUNCTION_COMPLETE);
TRACE_DEFINE_ENUM(TMR_TASK_DOES_NOT_EXIST);
TRACE_DEFINE_ENUM(TMR_FUNCTION_REJECTED);

/* clang-format off */

/* A logical unit's address. */
#define SDEV_ENTRY __field(u32, host) __field(u32, id) __field(u64, lun)
#define SDEV_ASSIGN(sdev) \
	__entry->host = (sdev)->host->host_no; \
	__entry->id = (sdev)->id; \
	__entry->lun = (sdev)->lun
#define SDEV_PR_FMT "%u:0:%u:%llu"
#define SDEV_PR_ARG __entry->host, __entry->id, __entry->lun

/* A target port. */
#define TPG_ENTRY \
	__dynamic_array(char, target, strlen(tpg->host->name.text) + 1) \
	__field(u32, tpgt)
#define TPG_ASSIGN \
	memcpy(__get_str(target), tpg->host->name.text, \
	       strlen(tpg->host->name.text) + 1); \
	__entry->tpgt = tpg->tpgt
#define TPG_PR_FMT "%s tpgt_%u"
#define TPG_PR_ARG __get_str(target), __entry->tpgt

/* A command goes to the target.  Before it does, because it may end at once. */
TRACE_EVENT(tcm_loop_submit,
	TP_PROTO(struct scsi_cmnd *sc, enum tcm_loop_way way),
	TP_ARGS(sc, way),
	TP_STRUCT__entry(
		SDEV_ENTRY
		__field(u32, tag)
		__field(u32, length)
		__field(u32, way)
		__field(u32, cdb_len)
		__array(u8, cdb, 32)
	),
	TP_fast_assign(
		SDEV_ASSIGN(sc->device);
		__entry->tag = blk_mq_unique_tag(scsi_cmd_to_rq(sc));
		__entry->length = scsi_bufflen(sc);
		__entry->way = way;
		__entry->cdb_len = min_t(u32, sc->cmd_len, 32);
		memcpy(__entry->cdb, sc->cmnd, __entry->cdb_len);
	),
	TP_printk(SDEV_PR_FMT " tag=%u %s length=%u cdb=%s %s",
		  SDEV_PR_ARG, __entry->tag,
		  show_opcode_name(__entry->cdb[0]), __entry->length,
		  __print_hex(__entry->cdb, __entry->cdb_len),
		  __print_symbolic(__entry->way,
				   { TCM_LOOP_WAY_CORE, "by the target core" },
				   { TCM_LOOP_WAY_AT_ONCE, "at once" },
				   { TCM_LOOP_WAY_QUEUE, "by work queue" }))
);

/* The SCSI layer gets a command back. */
TRACE_EVENT(tcm_loop_complete,
	TP_PROTO(struct scsi_cmnd *sc),
	TP_ARGS(sc),
	TP_STRUCT__entry(
		SDEV_ENTRY
		__field(u32, tag)
		__field(u32, result)
		__field(u32, residual)
		__field(u8, opcode)
	),
	TP_fast_assign(
		SDEV_ASSIGN(sc->device);
		__entry->tag = blk_mq_unique_tag(scsi_cmd_to_rq(sc));
		__entry->result = sc->result;
		__entry->residual = scsi_get_resid(sc);
		__entry->opcode = sc->cmnd[0];
	),
	TP_printk(SDEV_PR_FMT " tag=%u %s host=%s status=%s residual=%u",
		  SDEV_PR_ARG, __entry->tag,
		  show_opcode_name(__entry->opcode),
		  __print_symbolic((__entry->result >> 16) & 0xff,
				   { DID_OK, "OK" },
				   { DID_NO_CONNECT, "NO_CONNECT" },
				   { DID_RESET, "RESET" },
				   { DID_TRANSPORT_DISRUPTED, "TRANSPORT_DISRUPTED" },
				   { DID_TRANSPORT_FAILFAST, "TRANSPORT_FAILFAST" }),
		  __print_symbolic(__entry->result & 0xff,
				   { SAM_STAT_GOOD, "GOOD" },
				   { SAM_STAT_CHECK_CONDITION, "CHECK_CONDITION" },
				   { SAM_STAT_BUSY, "BUSY" },
				   { SAM_STAT_RESERVATION_CONFLICT, "RESERVATION_CONFLICT" },
				   { SAM_STAT_TASK_SET_FULL, "TASK_SET_FULL" },
				   { SAM_STAT_TASK_ABORTED, "TASK_ABORTED" }),
		  __entry->residual)
);

/* A rule has its effect on a command. */
TRACE_EVENT(tcm_loop_fault,
	TP_PROTO(struct scsi_cmnd *sc, u32 type),
	TP_ARGS(sc, type),
	TP_STRUCT__entry(
		SDEV_ENTRY
		__field(u32, tag)
		__field(u32, type)
		__field(u8, opcode)
	),
	TP_fast_assign(
		SDEV_ASSIGN(sc->device);
		__entry->tag = blk_mq_unique_tag(scsi_cmd_to_rq(sc));
		__entry->type = type;
		__entry->opcode = sc->cmnd[0];
	),
	TP_printk(SDEV_PR_FMT " tag=%u %s %s",
		  SDEV_PR_ARG, __entry->tag,
		  show_opcode_name(__entry->opcode),
		  __print_symbolic(__entry->type,
				   { FAULT_NO_ANSWER, "never answered" },
				   { FAULT_NOT_TAKEN, "not taken" },
				   { FAULT_STATUS, "answered by a rule" },
				   { FAULT_ATTENTION, "unit attention" },
				   { FAULT_DELAY, "delayed" },
				   { FAULT_ANSWER_LOST, "answer lost" }))
);

/* A task management function, with the target's answer. */
TRACE_EVENT(tcm_loop_tmr,
	TP_PROTO(struct scsi_device *sdev, u32 function, u32 tag, u32 response),
	TP_ARGS(sdev, function, tag, response),
	TP_STRUCT__entry(
		SDEV_ENTRY
		__field(u32, function)
		__field(u32, tag)
		__field(u32, response)
	),
	TP_fast_assign(
		SDEV_ASSIGN(sdev);
		__entry->function = function;
		__entry->tag = tag;
		__entry->response = response;
	),
	TP_printk(SDEV_PR_FMT " %s tag=%u response=%s",
		  SDEV_PR_ARG,
		  __print_symbolic(__entry->function,
				   { TMR_LUN_RESET, "LUN_RESET" }),
		  __entry->tag,
		  __print_symbolic(__entry->response,
				   { TMR_FUNCTION_COMPLETE, "FUNCTION_COMPLETE" },
				   { TMR_TASK_DOES_NOT_EXIST, "TASK_DOES_NOT_EXIST" },
				   { TMR_FUNCTION_REJECTED, "FUNCTION_REJECTED" },
				   { TCM_LOOP_TMR_ABORTED, "none, aborted" }))
);

/* An I_T nexus is made, or dropped: then the initiator is NULL, as it is written. */
TRACE_EVENT(tcm_loop_nexus,
	TP_PROTO(const struct tcm_loop_tpg *tpg, const char *initiator),
	TP_ARGS(tpg, initiator),
	TP_STRUCT__entry(
		TPG_ENTRY
		__dynamic_array(char, initiator, strlen(initiator) + 1)
	),
	TP_fast_assign(
		TPG_ASSIGN;
		memcpy(__get_str(initiator), initiator, strlen(initiator) + 1);
	),
	TP_printk(TPG_PR_FMT " nexus=%s", TPG_PR_ARG,
		  __get_str(initiator))
);

/* A LUN is linked to its backstore, or about to lose it. */
TRACE_EVENT(tcm_loop_lun,
	TP_PROTO(const struct tcm_loop_tpg *tpg, u64 lun, bool linked),
	TP_ARGS(tpg, lun, linked),
	TP_STRUCT__entry(
		TPG_ENTRY
		__field(u64, lun)
		__field(bool, linked)
	),
	TP_fast_assign(
		TPG_ASSIGN;
		__entry->lun = lun;
		__entry->linked = linked;
	),
	TP_printk(TPG_PR_FMT " lun_%llu %s", TPG_PR_ARG,
		  __entry->lun, __entry->linked ? "linked" : "unlinked")
);

/* A target port goes offline or online. */
TRACE_EVENT(tcm_loop_transport,
	TP_PROTO(const struct tcm_loop_tpg *tpg, bool online),
	TP_ARGS(tpg, online),
	TP_STRUCT__entry(
		TPG_ENTRY
		__field(bool, online)
	),
	TP_fast_assign(
		TPG_ASSIGN;
		__entry->online = online;
	),
	TP_printk(TPG_PR_FMT " %s", TPG_PR_ARG,
		  __entry->online ? "online" : "offline")
);

/* clang-format on */

#endif /* TCM_LOOP_TRACE_H */

#undef TRACE_INCLUDE_PATH
#define TRACE_INCLUDE_PATH .
#undef TRACE_INCLUDE_FILE
#define TRACE_INCLUDE_FILE tcm_loop_trace
#include <trace/define_trace.h>
