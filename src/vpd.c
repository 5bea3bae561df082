// SPDX-License-Identifier: GPL-2.0-only
/*
 * INQUIRY of two vital product data pages, which the target core leaves
 * incomplete: they are completed on their way to the initiator.
 *
 * Device Identification (0x83): see device_id_complete().
 *
 * Block Limits (0xb0): of a disk that can UNMAP, some cores end it after 40
 * bytes, the last field that they know.  SBC-3 r36, 6.5.3 has 60, and sd looks
 * for the limits of UNMAP only in a page of that size: without them it takes
 * the disk for one that cannot.  The fields that are added are zero, which says
 * "not reported".  Of a disk that cannot, the page ends after 12 or 16 bytes,
 * without the limit of WRITE SAME.  sd then takes 65,535 blocks for it, which
 * fileio refuses with a line in the log for each file system that is made.  A
 * disk over iblock has larger commands than the core says, see iblock.c.
 *
 * The core writes as far as the initiator's allocation length goes, and a page
 * that was cut short could not be completed.  So the core gets a CDB with an
 * allocation length that fits the whole page, and a bounce buffer for that.
 * When it answers, the completed page goes into the initiator's buffer as far
 * as the initiator's allocation length allows.
 *
 * Kernel defects: block-limits, write-same-length, allocation-length
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/scatterlist.h>
#include <linux/string.h>
#include <scsi/scsi.h>

#include "tcm_loop.h"

/*
 * The bounce buffer: the core's page, and the completed one.  The core's has
 * 1,024 bytes at most.  Another device's may be longer, and is left as it is if
 * the initiator wants more than this.
 */
#define TCM_LOOP_VPD_SIZE 2048U

/* INQUIRY: SPC-4 r37, 6.6 */
#define INQUIRY_EVPD 0x01

/* SBC-3 r36, 6.5.3; PAGE LENGTH counts from the fifth byte on */
#define BLOCK_LIMITS_PAGE 0xb0
#define BLOCK_LIMITS_LENGTH 60
#define BLOCK_LIMITS_LENGTH_UNMAP 32 /* with the limits of UNMAP */
#define BLOCK_LIMITS_MAXIMUM 8	     /* where MAXIMUM TRANSFER LENGTH is */
#define BLOCK_LIMITS_OPTIMAL 12	     /* OPTIMAL TRANSFER LENGTH, likewise */
#define BLOCK_LIMITS_WRITE_SAME 36   /* MAXIMUM WRITE SAME LENGTH, likewise */

static u32 allocation_length(const u8 *cdb)
{
	return cdb[3] << 8 | cdb[4];
}

static bool is_completed(struct tcm_loop_tpg *tpg, u8 page)
{
	return page == BLOCK_LIMITS_PAGE ||
	       (page == DEVICE_ID_PAGE && !tpg->host->name.odd &&
		READ_ONCE(tpg->complete_device_id));
}

/* The buffer is zeroed, longer, and aligned.  Returns the page's size. */
static u32 complete_block_limits(u8 *page, u32 len,
				 const struct tcm_loop_lun *lun)
{
	__be64 *write_same = (__be64 *)(page + BLOCK_LIMITS_WRITE_SAME);
	__be32 *maximum = (__be32 *)(page + BLOCK_LIMITS_MAXIMUM);
	__be32 *optimal = (__be32 *)(page + BLOCK_LIMITS_OPTIMAL);
	const struct tcm_loop_limits *limits = &lun->limits;

	if (len < 4 || page[1] != BLOCK_LIMITS_PAGE || page[2])
		return len;
	if (len >= BLOCK_LIMITS_OPTIMAL + 4) {
		if (limits->max_blocks)
			*maximum = cpu_to_be32(limits->max_blocks);
		if (be32_to_cpu(*optimal) == limits->not_optimal)
			*optimal = 0;
	}
	if (page[3] >= BLOCK_LIMITS_LENGTH)
		return len;
	if (page[3] < BLOCK_LIMITS_LENGTH_UNMAP) {
		/* A scan may have asked LUN 0 before it was linked. */
		if (lun->passthrough || !lun->dev ||
		    !tcm_loop_dev_write_same(lun->dev))
			return len;
		*write_same = cpu_to_be64(tcm_loop_dev_write_same(lun->dev));
	}
	page[3] = BLOCK_LIMITS_LENGTH;
	return max_t(u32, len, 4 + BLOCK_LIMITS_LENGTH);
}

/**
 * tcm_loop_vpd_begin - have an INQUIRY of a page to be completed answered apart
 * @cmd: the target's part of a command that is about to be submitted
 * @lun: the LUN
 *
 * Sets @cmd->page_cdb, and @cmd->bounce if there is memory.  May not sleep.
 *
 * Return: false if it is any other command.
 */
bool tcm_loop_vpd_begin(struct tcm_loop_cmd *cmd,
			const struct tcm_loop_lun *lun)
{
	const u8 *cdb = cmd->sc->cmnd;

	if (cdb[0] != INQUIRY || !(cdb[1] & INQUIRY_EVPD) ||
	    !is_completed(lun->tpg, cdb[2]) ||
	    cmd->sc->sc_data_direction != DMA_FROM_DEVICE ||
	    (lun->passthrough && allocation_length(cdb) > TCM_LOOP_VPD_SIZE))
		return false;
	memcpy(cmd->page_cdb, cdb, sizeof(cmd->page_cdb));
	cmd->page_cdb[3] = TCM_LOOP_VPD_SIZE >> 8;
	cmd->page_cdb[4] = TCM_LOOP_VPD_SIZE & 0xff;
	/* A page has room for both, so that they are one segment. */
	cmd->bounce = sgl_alloc(2 * TCM_LOOP_VPD_SIZE,
				GFP_ATOMIC | __GFP_ZERO | __GFP_NOWARN,
				&cmd->bounce_count);
	if (cmd->bounce)
		cmd->bounce->length = TCM_LOOP_VPD_SIZE;
	return true;
}

/**
 * tcm_loop_vpd_deliver - give the initiator its page
 * @cmd: the target's part of a command for which tcm_loop_vpd_begin() was true
 * @sc: the command
 *
 * Sets the residual, too.  Any context.
 */
void tcm_loop_vpd_deliver(struct tcm_loop_cmd *cmd, struct scsi_cmnd *sc)
{
	struct tcm_loop_lun *lun = sc->device->hostdata;
	u32 len = min(cmd->se_cmd.data_length, TCM_LOOP_VPD_SIZE);
	struct tcm_loop_tpg *tpg = lun->tpg;
	u8 *page = sg_virt(cmd->bounce);
	int completed;

	if (cmd->result != SAM_STAT_GOOD)
		return;
	if (sc->cmnd[2] == BLOCK_LIMITS_PAGE) {
		len = complete_block_limits(page, len, lun);
	} else {
		completed = device_id_complete(
			page, len, page + TCM_LOOP_VPD_SIZE, TCM_LOOP_VPD_SIZE,
			&tpg->host->name, tpg->tpgt);
		if (completed > 0) {
			page += TCM_LOOP_VPD_SIZE;
			len = completed;
		}
	}
	len = min3(len, allocation_length(sc->cmnd), scsi_bufflen(sc));
	scsi_sg_copy_from_buffer(sc, page, len);
	scsi_set_resid(sc, scsi_bufflen(sc) - len);
}
