// SPDX-License-Identifier: GPL-2.0-only
/*
 * What pscsi wants of the commands that it hands to a SCSI device.
 *
 * A command becomes one request of the device, with the segments that it came
 * with.  pscsi fails it when one is longer than a page, and when the device's
 * queue takes no request so large or with so many segments.  An older one
 * (5.10's) does not fail but allocates bios until there is no memory left, also
 * when there are more segments than the command's length has pages.  So the
 * LUN's own queue gets the limits of the device's, and segments of whole pages.
 *
 * Kernel defect: pscsi-segments
 */
#include <linux/blkdev.h>
#include <linux/err.h>
#include <linux/gfp.h>
#include <linux/kernel.h>
#include <target/target_core_backend.h>

#include "tcm_loop.h"

/* What any device takes, where it is not known what this one takes. */
#define TCM_LOOP_PSCSI_BYTES max(65536UL, PAGE_SIZE)

/*
 * The device that a backstore hands commands to, referenced, or NULL.  Only the
 * backstore's "info" tells which it is, and with pscsi's use of a whole host
 * ("PHBA Mode") not even that.
 */
static struct scsi_device *tcm_loop_pscsi_device(struct se_device *dev)
{
	char *info = (char *)__get_free_page(GFP_KERNEL);
	unsigned int host, channel, id, lun;
	struct scsi_device *sdev = NULL;
	struct Scsi_Host *shost;

	if (!info)
		return NULL;
	if (tcm_loop_dev_show_params(dev, info) > 0 &&
	    sscanf(info,
		   "SCSI Device Bus Location: Channel ID: %u Target ID: %u LUN: %u Host ID: %u",
		   &channel, &id, &lun, &host) == 4) {
		shost = scsi_host_lookup(host);
		if (!IS_ERR_OR_NULL(shost)) {
			sdev = scsi_device_lookup(shost, channel, id, lun);
			scsi_host_put(shost);
		}
	}
	free_page((unsigned long)info);
	return sdev;
}

/**
 * tcm_loop_pscsi_limits - find out what a backstore of pscsi takes
 * @dev: the backstore, which is enabled and linked
 * @limits: filled in
 *
 * May sleep.
 */
void tcm_loop_pscsi_limits(struct se_device *dev,
			   struct tcm_loop_limits *limits)
{
	struct request_queue *q;
	struct scsi_device *sdev;

	limits->max_sectors = TCM_LOOP_PSCSI_BYTES >> 9;
	limits->max_segments = TCM_LOOP_PSCSI_BYTES / PAGE_SIZE;
	sdev = tcm_loop_pscsi_device(dev);
	if (sdev) {
		q = sdev->request_queue;
		limits->max_sectors = queue_max_hw_sectors(q);
		limits->max_segments = queue_max_segments(q);
		limits->dma_alignment = queue_dma_alignment(q);
		scsi_device_put(sdev);
	}
}

/**
 * tcm_loop_pscsi_limit - give a LUN's queue the limits of its backstore
 * @lim: the queue's limits
 * @limits: what tcm_loop_pscsi_limits() found
 *
 * Any context.
 */
void tcm_loop_pscsi_limit(struct queue_limits *lim,
			  const struct tcm_loop_limits *limits)
{
	lim->seg_boundary_mask = PAGE_SIZE - 1;
	tcm_loop_limits_set_virt_boundary(lim, PAGE_SIZE - 1);
	lim->max_hw_sectors = min(lim->max_hw_sectors, limits->max_sectors);
	lim->max_sectors = min(lim->max_sectors, limits->max_sectors);
	lim->max_segments = min(lim->max_segments, limits->max_segments);
}
