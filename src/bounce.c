// SPDX-License-Identifier: GPL-2.0-only
/*
 * Data that goes through a bounce buffer.
 *
 * What the target core executes itself, but for READ, WRITE and the like, it
 * gets right only if the data lies in whole pages: it maps the first page of
 * each segment, or computes where the second half of the data is.  READ FULL
 * STATUS needs room behind the data.  A parameter list that is looked at before
 * the command is executed must not change in between.  What the SCSI layer may
 * have back before the target has answered has its data elsewhere.  And some
 * data is completed on its way to the initiator: two pages of INQUIRY, see
 * vpd.c, READ CAPACITY(16), see iblock.c, and MODE SENSE of a program's disk
 * that is write-protected here.
 *
 * What moves blocks never goes through one, nor what is handed on to a device
 * or a program as it is (pscsi, TCMU).
 *
 * Kernel defects: segments, full-status-overrun, iblock-exponent
 */
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/string.h>
#include <scsi/scsi.h>
#include <scsi/scsi_proto.h>

#include "tcm_loop.h"

/* REPORT LUNS of all 65,536 has half of that; nothing else comes near. */
#define TCM_LOOP_BOUNCE_MAX (1024U * 1024)

/* A service action of PERSISTENT RESERVE IN: SPC-4 r37, 6.15.5 */
#define READ_FULL_STATUS 0x03

/*
 * The target core goes beyond the allocation length of READ FULL STATUS by less
 * than the parameter data's header and a descriptor's.
 */
#define TCM_LOOP_FULL_STATUS_EXCESS 32

/* What moves blocks, beside READ and WRITE.  Older kernels name some only. */
static const u8 tcm_loop_moving[] = {
	0x2e, /* WRITE AND VERIFY(10) */
	0x2f, /* VERIFY(10) */
	0x53, /* XDWRITEREAD(10) */
	0x8e, /* WRITE AND VERIFY(16) */
	0x8f, /* VERIFY(16) */
	0x9c, /* WRITE ATOMIC(16) */
	0xae, /* WRITE AND VERIFY(12) */
	0xaf, /* VERIFY(12) */
};

/* Of a CDB of variable length: SBC-4 */
#define TCM_LOOP_WRITE_SAME_32 0x000d

static bool tcm_loop_moves_blocks(const u8 *cdb)
{
	if (cdb[0] == VARIABLE_LENGTH_CMD)
		return (cdb[8] << 8 | cdb[9]) != TCM_LOOP_WRITE_SAME_32;
	return memchr(tcm_loop_moving, cdb[0], sizeof(tcm_loop_moving));
}

static bool tcm_loop_is_full_status(const u8 *cdb)
{
	return cdb[0] == PERSISTENT_RESERVE_IN &&
	       (cdb[1] & 0x1f) == READ_FULL_STATUS;
}

/* LID1, the only one of its service actions that the target core executes */
static bool tcm_loop_is_copy(const u8 *cdb)
{
	return cdb[0] == EXTENDED_COPY && !(cdb[1] & 0x1f);
}

/* READ CAPACITY(16): SBC-3 r36, 5.16 */
#define TCM_LOOP_EXPONENT 13 /* LOGICAL BLOCKS PER PHYSICAL BLOCK EXPONENT */

/* DEVICE-SPECIFIC PARAMETER of MODE SENSE: SBC-3 r36, 6.4.1 */
#define TCM_LOOP_PARAMETER_6 2
#define TCM_LOOP_PARAMETER_10 3
#define TCM_LOOP_WP 0x80

/*
 * The byte of a command's data that is to be completed, or 0.  pscsi knows of
 * write protection, but not TCMU.
 *
 * Kernel defect: mode-sense-of-programs
 */
static unsigned int tcm_loop_completed_byte(const struct tcm_loop_lun *lun,
					    const u8 *cdb)
{
	switch (cdb[0]) {
	case SERVICE_ACTION_IN_16:
		return lun->limits.physical_exponent &&
				       (cdb[1] & 0x1f) == SAI_READ_CAPACITY_16
			       ? TCM_LOOP_EXPONENT
			       : 0;
	case MODE_SENSE:
		return lun->passthrough && lun->write_protected
			       ? TCM_LOOP_PARAMETER_6
			       : 0;
	case MODE_SENSE_10:
		return lun->passthrough && lun->write_protected
			       ? TCM_LOOP_PARAMETER_10
			       : 0;
	}
	return 0;
}

/* LOWEST ALIGNED LOGICAL BLOCK ADDRESS, 14 bits, counts blocks, too. */
static void tcm_loop_scale_lowest(u8 *data, u8 exponent)
{
	u32 lowest = ((data[0] & 0x3f) << 8 | data[1]) << exponent;

	data[0] = (data[0] & 0xc0) | (lowest >> 8 & 0x3f);
	data[1] = lowest & 0xff;
}

static void tcm_loop_complete_byte(struct tcm_loop_cmd *cmd,
				   struct scsi_cmnd *sc)
{
	unsigned int len = min(cmd->se_cmd.data_length, scsi_bufflen(sc));
	const struct tcm_loop_lun *lun = sc->device->hostdata;
	unsigned int at = tcm_loop_completed_byte(lun, sc->cmnd);
	u8 *data = sg_virt(cmd->bounce);

	if (!at || cmd->result != SAM_STAT_GOOD || at >= len)
		return;
	if (at != TCM_LOOP_EXPONENT) {
		data[at] |= TCM_LOOP_WP;
		return;
	}
	data[at] += lun->limits.physical_exponent;
	if (at + 2 < len)
		tcm_loop_scale_lowest(data + at + 1,
				      lun->limits.physical_exponent);
}

/* Is each segment but the last a whole page, and the last one not more? */
static bool tcm_loop_has_whole_pages(struct scsi_cmnd *sc)
{
	struct scatterlist *sg;
	int i;

	scsi_for_each_sg(sc, sg, scsi_sg_count(sc), i)
		if (sg->offset || sg->length > PAGE_SIZE ||
		    (sg->length < PAGE_SIZE && !sg_is_last(sg)))
			return false;
	return true;
}

static bool tcm_loop_needs_bounce(struct tcm_loop_cmd *cmd,
				  const struct tcm_loop_lun *lun)
{
	struct scsi_cmnd *sc = cmd->sc;

	if (!scsi_sg_count(sc))
		return false;
	if (cmd->apart || tcm_loop_completed_byte(lun, sc->cmnd))
		return true;
	switch (sc->cmnd[0]) {
	case PERSISTENT_RESERVE_OUT:
		return true;
	case PERSISTENT_RESERVE_IN:
		if (tcm_loop_is_full_status(sc->cmnd))
			return true;
		break;
	case REPORT_LUNS:
		break;
	case EXTENDED_COPY:
		return !lun->passthrough;
	default:
		if (lun->passthrough || tcm_loop_moves_blocks(sc->cmnd))
			return false;
	}
	return scsi_sg_count(sc) > 1 && !tcm_loop_has_whole_pages(sc);
}

/* Copies between the SCSI layer's data and the bounce buffer. */
static void tcm_loop_bounce_copy(struct tcm_loop_cmd *cmd, struct scsi_cmnd *sc,
				 bool in)
{
	struct scatterlist *sgl = scsi_sglist(sc), *sg;
	unsigned int count = scsi_sg_count(sc), i;
	off_t at = 0;

	for_each_sg(cmd->bounce, sg, cmd->bounce_count, i) {
		if (in)
			sg_pcopy_to_buffer(sgl, count, sg_virt(sg), sg->length,
					   at);
		else
			sg_pcopy_from_buffer(sgl, count, sg_virt(sg),
					     sg->length, at);
		at += sg->length;
	}
}

/**
 * tcm_loop_bounce_begin - give a command a bounce buffer, if it needs one
 * @cmd: the target's part of a command that is neither READ nor WRITE, and is
 *	about to be submitted
 * @lun: the LUN
 *
 * The buffer begins with the SCSI layer's data in either direction: what the
 * target does not write must come back as it was.  May not sleep.
 *
 * Return: 0; -ENOMEM without memory now; or why the target must not have the
 * command: -EINVAL if its CDB is longer than what was sent, or its data than
 * any command's, or -EROFS if it copies to a protected LUN.
 */
int tcm_loop_bounce_begin(struct tcm_loop_cmd *cmd,
			  const struct tcm_loop_lun *lun)
{
	struct scsi_cmnd *sc = cmd->sc;
	unsigned int size = scsi_bufflen(sc);

	/* The target core reads as many bytes as the CDB says. */
	if (sc->cmnd[0] == VARIABLE_LENGTH_CMD &&
	    scsi_command_size(sc->cmnd) > sc->cmd_len)
		return -EINVAL;
	if (tcm_loop_vpd_begin(cmd, lun))
		return cmd->bounce ? 0 : -ENOMEM;
	if (!tcm_loop_needs_bounce(cmd, lun))
		return 0;
	if (size > TCM_LOOP_BOUNCE_MAX)
		return -EINVAL;
	if (tcm_loop_is_full_status(sc->cmnd))
		size += TCM_LOOP_FULL_STATUS_EXCESS;
	cmd->bounce =
		sgl_alloc(size, GFP_ATOMIC | __GFP_NOWARN, &cmd->bounce_count);
	if (!cmd->bounce)
		return -ENOMEM;
	tcm_loop_bounce_copy(cmd, sc, true);
	if (tcm_loop_is_copy(sc->cmnd) && !lun->passthrough &&
	    tcm_loop_copies_to_protected(lun->tpg, cmd->bounce,
					 cmd->bounce_count))
		return -EROFS;
	return 0;
}

/**
 * tcm_loop_bounce_deliver - give the initiator its data
 * @cmd: the target's part of a command that has a bounce buffer; answered
 * @sc: the command
 *
 * Any context.
 */
void tcm_loop_bounce_deliver(struct tcm_loop_cmd *cmd, struct scsi_cmnd *sc)
{
	if (cmd->page_cdb[0]) {
		tcm_loop_vpd_deliver(cmd, sc);
	} else if (sc->sc_data_direction == DMA_FROM_DEVICE &&
		   !host_byte(cmd->result)) {
		tcm_loop_complete_byte(cmd, sc);
		tcm_loop_bounce_copy(cmd, sc, false);
	}
}

/**
 * tcm_loop_bounce_free - free the bounce buffer of a command, if it has one
 * @cmd: the command, which the target does not have
 *
 * Any context.
 */
void tcm_loop_bounce_free(struct tcm_loop_cmd *cmd)
{
	if (cmd->bounce)
		sgl_free(cmd->bounce);
	cmd->bounce = NULL;
}
