/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_SCSI_HOST_H
#define TCM_LOOP_COMPAT_SCSI_HOST_H

/* The kernel's own needs these first; the template is part of ours later. */
#include <linux/blk-mq.h>
#include <linux/lockdep.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>
#include_next <scsi/scsi_host.h>
#include <scsi/scsi_tcq.h>
#include "tcm_loop_probed.h"

#ifndef COMPAT_HAS_scsi_qc_status
/*
 * queuecommand returned int.  An enumeration with a negative constant is
 * represented as int, and so is compatible with it.
 */
enum scsi_qc_status {
	COMPAT_SCSI_QC_IS_INT = -1,
};
#endif

#ifndef COMPAT_HAS_scsi_timeout_action
/* eh_timed_out answered in the block layer's terms. */
#define scsi_timeout_action blk_eh_timer_return
#define SCSI_EH_NOT_HANDLED BLK_EH_DONE
#define SCSI_EH_RESET_TIMER BLK_EH_RESET_TIMER
#endif

#if !defined(COMPAT_HAS_sdev_init) && !defined(COMPAT_SCSI_SLOTS)
#define sdev_init slave_alloc
#define sdev_destroy slave_destroy
#endif

#ifndef COMPAT_HAS_blk_eh_done
#define BLK_EH_DONE BLK_EH_NOT_HANDLED
#endif

/*
 * Until 4.18 the block layer had marked a command that timed out as complete
 * before it asked what to do: scsi_done() had no effect then.
 */
#if !defined(COMPAT_HAS_blk_eh_done)
#define tcm_loop_sc_end_timed_out(sc) BLK_EH_HANDLED
#elif !defined(COMPAT_HAS_scsi_timeout_action)
static inline enum scsi_timeout_action
tcm_loop_sc_end_timed_out(struct scsi_cmnd *sc)
{
	scsi_done(sc);
	/* The timer of a completed command does nothing. */
	return SCSI_EH_RESET_TIMER;
}
#define tcm_loop_sc_end_timed_out tcm_loop_sc_end_timed_out
#endif

#ifndef COMPAT_HAS_rescan_sdev
static inline int tcm_loop_rescan(struct scsi_device *sdev)
{
	scsi_rescan_device(&sdev->sdev_gendev);
	return 0;
}
#define tcm_loop_rescan tcm_loop_rescan
#endif

#ifndef COMPAT_HAS_scsi_lun_u64
#define tcm_loop_scan_lun_t unsigned int
#endif

#ifndef COMPAT_HAS_sg_chunk_size
#define SG_CHUNK_SIZE SCSI_MAX_SG_SEGMENTS
#endif

#if !defined(COMPAT_HAS_init_cmd_priv) || defined(COMPAT_SCSI_SLOTS)
#define TCM_LOOP_CLEARS_CMD_PRIV
#endif

#ifdef COMPAT_SCSI_SLOTS
/* What later kernels have in a template; compat/scsi_host.c translates. */
struct compat_host_template {
	struct module *module;
	const char *name;
	const char *proc_name;
	enum scsi_qc_status (*queuecommand)(struct Scsi_Host *shost,
					    struct scsi_cmnd *sc);
	enum scsi_timeout_action (*eh_timed_out)(struct scsi_cmnd *sc);
	int (*eh_abort_handler)(struct scsi_cmnd *sc);
	int (*eh_device_reset_handler)(struct scsi_cmnd *sc);
	int (*eh_target_reset_handler)(struct scsi_cmnd *sc);
	int (*eh_host_reset_handler)(struct scsi_cmnd *sc);
	int (*sdev_init)(struct scsi_device *sdev);
	void (*sdev_destroy)(struct scsi_device *sdev);
	int (*change_queue_depth)(struct scsi_device *sdev, int depth);
	bool skip_settle_delay;
	bool track_queue_depth;
	int this_id;
	unsigned short sg_tablesize;
	unsigned short max_sectors;
	unsigned long dma_boundary;
	unsigned int cmd_size;
};

/* From here on the name means ours; the kernel's headers have been read. */
#define scsi_host_template compat_host_template

struct Scsi_Host *compat_host_alloc(const struct compat_host_template *template,
				    int size);
int compat_add_host(struct Scsi_Host *shost, struct device *parent);
void compat_host_put(struct Scsi_Host *shost);
#define scsi_host_alloc compat_host_alloc
#define scsi_add_host compat_add_host
#define scsi_host_put compat_host_put
#endif

#ifndef COMPAT_HAS_scsi_change_queue_depth
int scsi_change_queue_depth(struct scsi_device *sdev, int depth);
#endif

#ifndef COMPAT_HAS_scsi_host_busy_iter
typedef bool compat_busy_fn(struct scsi_cmnd *sc, void *data);

#ifdef COMPAT_SCSI_SLOTS
void compat_scsi_host_busy_iter(struct Scsi_Host *shost, compat_busy_fn *fn,
				void *data);
#elif defined(COMPAT_HAS_scsi_host_busy_iter_reserved)
struct compat_busy {
	compat_busy_fn *fn;
	void *data;
};

static inline bool compat_busy(struct scsi_cmnd *sc, void *data, bool reserved)
{
	struct compat_busy *busy = data;

	return busy->fn(sc, busy->data);
}

static inline void compat_scsi_host_busy_iter(struct Scsi_Host *shost,
					      compat_busy_fn *fn, void *data)
{
	struct compat_busy busy = { .fn = fn, .data = data };

	scsi_host_busy_iter(shost, compat_busy, &busy);
}
#else
/* Nothing keeps a command that is found: what is read of it may be another's.
 */
static inline void compat_scsi_host_busy_iter(struct Scsi_Host *shost,
					      compat_busy_fn *fn, void *data)
{
	unsigned int queue, tag, queues = shost->tag_set.nr_hw_queues;
	struct scsi_cmnd *sc;

#ifdef COMPAT_HAS_shost_use_blk_mq
	if (!shost_use_blk_mq(shost))
		queues = 1;
#endif
	for (queue = 0; queue < queues; queue++) {
		for (tag = 0; tag < shost->can_queue; tag++) {
			sc = scsi_host_find_tag(
				shost, (queue << BLK_MQ_UNIQUE_TAG_BITS) | tag);
			if (sc && !fn(sc, data))
				return;
		}
	}
}
#endif
#define scsi_host_busy_iter compat_scsi_host_busy_iter
#endif

#ifndef COMPAT_HAS_blk_mq_hctx_set_fq_lock_class
static inline void
tcm_loop_sdev_set_flush_lock_class(struct scsi_device *sdev,
				   struct lock_class_key *key)
{
}
#define tcm_loop_sdev_set_flush_lock_class tcm_loop_sdev_set_flush_lock_class
#endif

#ifndef COMPAT_HAS_host_tagset
static inline void tcm_loop_shost_set_nr_hw_queues(struct Scsi_Host *shost,
						   unsigned int queues)
{
}
#define tcm_loop_shost_set_nr_hw_queues tcm_loop_shost_set_nr_hw_queues
#endif

#ifndef COMPAT_HAS_queuecommand_may_block
static inline void tcm_loop_shost_set_may_block(struct Scsi_Host *shost)
{
}
#define tcm_loop_shost_set_may_block tcm_loop_shost_set_may_block
#endif

#ifndef COMPAT_HAS_no_sched_by_default
static inline void tcm_loop_shost_set_no_sched(struct Scsi_Host *shost)
{
}
#define tcm_loop_shost_set_no_sched tcm_loop_shost_set_no_sched
#endif

#ifndef COMPAT_HAS_host_tagset
/* With one hardware queue nothing waits. */
static inline void tcm_loop_shost_set_no_offline_wait(struct Scsi_Host *shost)
{
}
#define tcm_loop_shost_set_no_offline_wait tcm_loop_shost_set_no_offline_wait
#endif

#endif /* TCM_LOOP_COMPAT_SCSI_HOST_H */
