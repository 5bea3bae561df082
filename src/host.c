// SPDX-License-Identifier: GPL-2.0-only
/*
 * The Scsi_Host of an adapter, and which of its target IDs exist.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/idr.h>
#include <linux/module.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <scsi/scsi.h>
#include <scsi/scsi_transport.h>
#include <target/target_core_backend.h>

#include "tcm_loop.h"
#include "tcm_loop_trace.h"

/* host->lock is held. */
static struct tcm_loop_tpg *tcm_loop_find_tpg(struct tcm_loop_host *host,
					      unsigned int id)
{
	struct tcm_loop_tpg *tpg;

	lockdep_assert_held(&host->lock);
	list_for_each_entry(tpg, &host->tpgs, node)
		if (tpg->tpgt == id)
			return tpg;
	return NULL;
}

/*
 * A block device completes a flush with a lock held, and in that context a
 * command on a backstore over it may complete.  If that is a flush, too, its
 * completion takes the same lock of the disk's queue: always in this order, so
 * lockdep is told that they are not the same.
 */
static struct lock_class_key tcm_loop_flush_key;

/* The scsi_device has no command yet.  May sleep. */
static int tcm_loop_limit(struct scsi_device *sdev,
			  const struct tcm_loop_limits *limits)
{
	struct request_queue *q = sdev->request_queue;
	struct queue_limits lim = queue_limits_start_update(q);

	if (limits->max_sectors)
		tcm_loop_pscsi_limit(&lim, limits);
	if (limits->max_blocks)
		lim.max_segment_size = UINT_MAX;
	tcm_loop_limits_set_dma_alignment(q, &lim, limits->dma_alignment);
	return queue_limits_commit_update(q, &lim);
}

/* A scan proposes a scsi_device. */
static int tcm_loop_sdev_init(struct scsi_device *sdev)
{
	struct tcm_loop_host *host = shost_to_tcm_loop(sdev->host);
	struct tcm_loop_tpg *tpg;
	struct tcm_loop_lun *lun;

	mutex_lock(&host->lock);
	tpg = tcm_loop_find_tpg(host, sdev->id);
	lun = tpg ? tcm_loop_lun_get(tpg, sdev->lun) : NULL;
	mutex_unlock(&host->lock);
	if (!lun)
		return -ENXIO;
	sdev->hostdata = lun;
	tcm_loop_capacity_begin(lun);
	tcm_loop_sdev_set_flush_lock_class(sdev, &tcm_loop_flush_key);
	/* If this fails, sdev_destroy is called. */
	return tcm_loop_limit(sdev, &lun->limits);
}

/*
 * The queue is dead by now, so no command looks at hostdata any more.  An
 * error handler called through an old file descriptor still may: it reads
 * hostdata once, under rcu_read_lock().
 */
static void tcm_loop_sdev_destroy(struct scsi_device *sdev)
{
	struct tcm_loop_lun *lun = sdev->hostdata;

	WRITE_ONCE(sdev->hostdata, NULL);
	if (lun)
		tcm_loop_lun_put(lun);
}

/* The lowest target ID from id on that exists, or UINT_MAX. */
static unsigned int tcm_loop_next_id(struct tcm_loop_host *host,
				     unsigned int id)
{
	unsigned int next = UINT_MAX;
	struct tcm_loop_tpg *tpg;

	mutex_lock(&host->lock);
	list_for_each_entry(tpg, &host->tpgs, node)
		if (tpg->tpgt >= id && tpg->tpgt < next)
			next = tpg->tpgt;
	mutex_unlock(&host->lock);
	return next;
}

/*
 * "C I L" was written to the host's scan attribute; each may be a wild card.
 * The SCSI layer's own scan would ask every ID below max_id, so that all 65,536
 * TPGs could not be had without slowing it down; only those that exist are
 * asked here.
 */
static int tcm_loop_user_scan(struct Scsi_Host *shost, unsigned int channel,
			      unsigned int id, tcm_loop_scan_lun_t lun)
{
	struct tcm_loop_host *host = shost_to_tcm_loop(shost);
	unsigned int next;

	if ((channel != SCAN_WILD_CARD && channel != 0) ||
	    (id != SCAN_WILD_CARD && id > TCM_LOOP_MAX_TPGT))
		return -EINVAL;

	if (id != SCAN_WILD_CARD) {
		scsi_scan_target(&shost->shost_gendev, 0, id, lun,
				 SCSI_SCAN_MANUAL);
		return 0;
	}
	for (next = tcm_loop_next_id(host, 0); next != UINT_MAX;
	     next = tcm_loop_next_id(host, next + 1))
		scsi_scan_target(&shost->shost_gendev, 0, next, lun,
				 SCSI_SCAN_MANUAL);
	return 0;
}

static struct scsi_transport_template tcm_loop_transport = {
	.user_scan = tcm_loop_user_scan,
};

/* Not const: scsi_host_alloc() of older kernels writes to it. */
static struct scsi_host_template tcm_loop_template = {
	.module = THIS_MODULE,
	.name = "TCM_Loopback",
	.proc_name = "tcm_loopback",
	.queuecommand = tcm_loop_queuecommand,
	.eh_timed_out = tcm_loop_timed_out,
	.eh_abort_handler = tcm_loop_abort,
	.eh_device_reset_handler = tcm_loop_lun_reset,
	.eh_target_reset_handler = tcm_loop_target_reset,
	.eh_host_reset_handler = tcm_loop_host_reset,
	.skip_settle_delay = 1,
	.sdev_init = tcm_loop_sdev_init,
	.sdev_destroy = tcm_loop_sdev_destroy,
	.change_queue_depth = scsi_change_queue_depth,
	.track_queue_depth = 1,
	.this_id = -1,
	.sg_tablesize = SG_CHUNK_SIZE * 2,
	.max_sectors = TCM_LOOP_MAX_SECTORS,
	/* Backstores map segments; without high memory all of it is mapped. */
	.dma_boundary = IS_ENABLED(CONFIG_HIGHMEM) ? PAGE_SIZE - 1 : 0,
	.cmd_size = sizeof(struct tcm_loop_cmd),
	TCM_LOOP_CLEARS_CMD_PRIV
};

/**
 * tcm_loop_host_create - make an adapter and its SCSI host
 * @name: the target's name; copied
 *
 * May sleep.
 *
 * Return: the adapter, or an ERR_PTR: -ENOMEM, or what the driver core or
 * the SCSI layer said.
 */
struct tcm_loop_host *tcm_loop_host_create(const struct protocol_name *name)
{
	struct tcm_loop_host *host;
	struct Scsi_Host *shost;
	unsigned int queues;
	int ret;

	host = kzalloc(sizeof(*host), GFP_KERNEL);
	if (!host)
		return ERR_PTR(-ENOMEM);
	host->name = *name;
	mutex_init(&host->lock);
	INIT_LIST_HEAD(&host->tpgs);
	tcm_loop_held_init(host);

	ret = tcm_loop_bus_add(host);
	if (ret)
		return ERR_PTR(ret);

	ret = -ENOMEM;
	host->submit_queue = tcm_loop_submit_queue_make();
	if (!host->submit_queue)
		goto out_bus;
	shost = scsi_host_alloc(&tcm_loop_template, sizeof(host));
	if (!shost)
		goto out_queue;
	*(struct tcm_loop_host **)shost_priv(shost) = host;
	host->shost = shost;

	shost->transportt = &tcm_loop_transport;
	shost->max_id = TCM_LOOP_MAX_TPGT + 1;
	shost->max_lun = TCM_LOOP_MAX_LUN;
	shost->max_channel = 0;
	shost->max_cmd_len = SCSI_MAX_VARLEN_CDB_SIZE;
	queues = tcm_loop_nr_hw_queues;
	if (!queues)
		queues = tcm_loop_core_completes_directly() ? num_online_cpus()
							    : 1;
	tcm_loop_shost_set_nr_hw_queues(shost, queues);
	if (tcm_loop_core_completes_directly())
		tcm_loop_shost_set_may_block(shost);
	shost->can_queue = tcm_loop_can_queue;
	shost->cmd_per_lun =
		min(tcm_loop_cmd_per_lun
			    ?: tcm_loop_can_queue - tcm_loop_can_queue / 8,
		    tcm_loop_can_queue);
	scsi_host_set_prot(shost, SHOST_DIF_TYPE1_PROTECTION |
					  SHOST_DIF_TYPE2_PROTECTION |
					  SHOST_DIF_TYPE3_PROTECTION |
					  SHOST_DIX_TYPE1_PROTECTION |
					  SHOST_DIX_TYPE2_PROTECTION |
					  SHOST_DIX_TYPE3_PROTECTION);
	scsi_host_set_guard(shost, SHOST_DIX_GUARD_CRC);

	ret = scsi_add_host(shost, &host->dev);
	if (ret)
		goto out_shost;
	/*
	 * The backstore's device has a scheduler, if one is of use.  A second
	 * one's tags would be eight times the host's.
	 */
	tcm_loop_shost_set_no_sched(shost);
	tcm_loop_shost_set_no_offline_wait(shost);
	tcm_loop_proc_add(host);
	return host;

out_shost:
	scsi_host_put(shost);
out_queue:
	destroy_workqueue(host->submit_queue);
out_bus:
	device_unregister(&host->dev);
	return ERR_PTR(ret);
}

/**
 * tcm_loop_host_destroy - unregister an adapter
 * @host: the adapter, without TPGs
 *
 * The memory goes when the last user of its devices does.  May sleep.
 */
void tcm_loop_host_destroy(struct tcm_loop_host *host)
{
	tcm_loop_proc_remove(host);
	scsi_remove_host(host->shost);
	tcm_loop_held_exit(host);
	destroy_workqueue(host->submit_queue);
	scsi_host_put(host->shost);
	device_unregister(&host->dev);
}

/*
 * Relative target port identifiers.  A core that gives them to ports, not to
 * each LU's ports, does so for those that a fabric enables, counting from 1;
 * the others are left with 0, which is reserved (SPC-4 r37, 7.8.6.7), and
 * REGISTER AND MOVE cannot tell them apart.  Ours count from the other end.
 *
 * Kernel defect: rtpi-zero
 */
static DEFINE_IDA(tcm_loop_rtpis);

static u16 tcm_loop_rtpi_get(void)
{
	int id = ida_alloc_max(&tcm_loop_rtpis, U16_MAX - 1, GFP_KERNEL);

	return id < 0 ? 0 : U16_MAX - id;
}

static void tcm_loop_rtpi_put(u16 rtpi)
{
	if (rtpi)
		ida_free(&tcm_loop_rtpis, U16_MAX - rtpi);
}

/**
 * tcm_loop_tpg_create - allocate a TPG, not yet on its adapter
 * @host: the adapter
 * @tpgt: its tag
 *
 * May sleep.
 *
 * Return: the TPG, holding one reference, or NULL without memory.
 */
struct tcm_loop_tpg *tcm_loop_tpg_create(struct tcm_loop_host *host, u16 tpgt)
{
	struct tcm_loop_tpg *tpg;

	tpg = kzalloc(sizeof(*tpg), GFP_KERNEL);
	if (!tpg)
		return NULL;
	tpg->host = host;
	tpg->tpgt = tpgt;
	tpg->online = true;
	tpg->complete_device_id = true;
	tpg->rtpi = tcm_loop_rtpi_get();
	kref_init(&tpg->ref);
	INIT_LIST_HEAD(&tpg->node);
	INIT_LIST_HEAD(&tpg->luns);
	init_waitqueue_head(&tpg->unlinked);
	mutex_init(&tpg->nexus_lock);
	return tpg;
}

static void tcm_loop_tpg_free(struct kref *ref)
{
	struct tcm_loop_tpg *tpg = container_of(ref, struct tcm_loop_tpg, ref);

	tcm_loop_rtpi_put(tpg->rtpi);
	kfree(tpg->write_protect);
	kfree_rcu(tpg, rcu);
}

/**
 * tcm_loop_tpg_put - return a reference to a TPG
 * @tpg: the TPG
 *
 * Any context.
 */
void tcm_loop_tpg_put(struct tcm_loop_tpg *tpg)
{
	kref_put(&tpg->ref, tcm_loop_tpg_free);
}

/**
 * tcm_loop_tpg_add - make a TPG's target ID exist
 * @tpg: the TPG
 *
 * May sleep.
 *
 * Return: 0, or -EEXIST if another TPG of the adapter has the tag.
 */
int tcm_loop_tpg_add(struct tcm_loop_tpg *tpg)
{
	struct tcm_loop_host *host = tpg->host;
	int ret = -EEXIST;

	mutex_lock(&host->lock);
	if (!tcm_loop_find_tpg(host, tpg->tpgt)) {
		list_add_tail(&tpg->node, &host->tpgs);
		ret = 0;
	}
	mutex_unlock(&host->lock);
	return ret;
}

/**
 * tcm_loop_tpg_remove - take a TPG's target ID away, with its scsi_devices
 * @tpg: the TPG
 *
 * May sleep.
 */
void tcm_loop_tpg_remove(struct tcm_loop_tpg *tpg)
{
	struct tcm_loop_host *host = tpg->host;
	struct scsi_device *sdev;

	mutex_lock(&host->lock);
	list_del_init(&tpg->node);
	tcm_loop_luns_leave(tpg, NULL); /* all have left */
	mutex_unlock(&host->lock);

	/* No scan finds the ID any more; what one had found before goes now. */
	shost_for_each_device(sdev, host->shost)
		if (sdev->id == tpg->tpgt)
			scsi_remove_device(sdev);
}
