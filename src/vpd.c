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
 * "not reported".  A page without these limits, of 12 or 16 bytes, is left as
 * it is.
 *
 * The core writes into the initiator's own buffer, as far as that goes, so a
 * page that was cut short could not be completed.  Therefore the core gets a
 * buffer of ours and an allocation length that fits the whole page; when it
 * answers, the completed page goes into the initiator's buffer as far as the
 * initiator's allocation length allows.  Without memory for that, the command
 * goes the common way and the initiator sees the core's page.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/slab.h>
#include <scsi/scsi.h>

#include "tcm_loop.h"

/* The target core's own limit of what it builds. */
#define TCM_LOOP_CORE_PAGE 1024

/* INQUIRY: SPC-4 r37, 6.6 */
#define INQUIRY_EVPD 0x01

/* SBC-3 r36, 6.5.3; PAGE LENGTH counts from the fifth byte on */
#define BLOCK_LIMITS_PAGE 0xb0
#define BLOCK_LIMITS_LENGTH 60
#define BLOCK_LIMITS_LENGTH_UNMAP 32 /* with the limits of UNMAP */

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

/* The buffer is zeroed and longer.  Returns the page's size. */
static u32 complete_block_limits(u8 *page, u32 len)
{
	if (len < 4 || page[1] != BLOCK_LIMITS_PAGE || page[2] ||
	    page[3] < BLOCK_LIMITS_LENGTH_UNMAP ||
	    page[3] >= BLOCK_LIMITS_LENGTH)
		return len;
	page[3] = BLOCK_LIMITS_LENGTH;
	return max_t(u32, len, 4 + BLOCK_LIMITS_LENGTH);
}

/**
 * tcm_loop_vpd_begin - send an INQUIRY of a page to be completed on its detour
 * @cmd: a command that is about to be submitted
 * @tpg: its target port
 *
 * Sets @cmd->vpd, or leaves it NULL for any other command.  May not sleep.
 */
void tcm_loop_vpd_begin(struct tcm_loop_cmd *cmd, struct tcm_loop_tpg *tpg)
{
	const u8 *cdb = cmd->sc->cmnd;
	struct tcm_loop_vpd *vpd;
	u32 size;

	if (likely(cdb[0] != INQUIRY) || !(cdb[1] & INQUIRY_EVPD) ||
	    !is_completed(tpg, cdb[2]) ||
	    cmd->sc->sc_data_direction != DMA_FROM_DEVICE)
		return;

	/* Not less than was asked for: a backstore may have a longer page. */
	size = max_t(u32, allocation_length(cdb), TCM_LOOP_CORE_PAGE);
	vpd = kzalloc(sizeof(*vpd) + 2 * size + DEVICE_ID_GROWTH,
		      GFP_ATOMIC | __GFP_NOWARN);
	if (!vpd)
		return;
	memcpy(vpd->cdb, cdb, COMMAND_SIZE(INQUIRY));
	vpd->cdb[3] = size >> 8;
	vpd->cdb[4] = size;
	sg_init_one(&vpd->sg, vpd->page, size);
	vpd->size = size;
	cmd->vpd = vpd;
}

/**
 * tcm_loop_vpd_deliver - give the initiator its page
 * @cmd: the target's part of a command on its detour, answered with GOOD status
 * @sc: the command
 *
 * Sets the residual, too.  Any context.
 */
void tcm_loop_vpd_deliver(struct tcm_loop_cmd *cmd, struct scsi_cmnd *sc)
{
	struct tcm_loop_lun *lun = sc->device->hostdata;
	struct tcm_loop_vpd *vpd = cmd->vpd;
	struct tcm_loop_tpg *tpg = lun->tpg;
	u32 len = min(cmd->se_cmd.data_length, vpd->size);
	u8 *page = vpd->page;
	int completed;

	if (vpd->cdb[2] == BLOCK_LIMITS_PAGE) {
		len = complete_block_limits(page, len);
	} else {
		completed = device_id_complete(page, len, page + vpd->size,
					       vpd->size + DEVICE_ID_GROWTH,
					       &tpg->host->name, tpg->tpgt);
		if (completed > 0) {
			page += vpd->size;
			len = completed;
		}
	}
	len = min3(len, allocation_length(sc->cmnd), scsi_bufflen(sc));
	scsi_sg_copy_from_buffer(sc, page, len);
	scsi_set_resid(sc, scsi_bufflen(sc) - len);
}

/**
 * tcm_loop_vpd_end - a command comes back from its detour
 * @cmd: a command that is about to be released, or was never submitted
 *
 * Any context.
 */
void tcm_loop_vpd_end(struct tcm_loop_cmd *cmd)
{
	kfree(cmd->vpd);
	cmd->vpd = NULL;
}
