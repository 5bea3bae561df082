// SPDX-License-Identifier: GPL-2.0-only
/*
 * INQUIRY of page 0x83, the Device Identification VPD page: what the target
 * core returns is completed on its way to the initiator.
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

static u32 allocation_length(const u8 *cdb)
{
	return cdb[3] << 8 | cdb[4];
}

/**
 * tcm_loop_device_id_begin - send an INQUIRY of page 0x83 on its detour
 * @cmd: a command that is about to be submitted
 * @tpg: its target port
 *
 * Sets @cmd->device_id, or leaves it NULL for any other command.  May not
 * sleep.
 */
void tcm_loop_device_id_begin(struct tcm_loop_cmd *cmd,
			      struct tcm_loop_tpg *tpg)
{
	const u8 *cdb = cmd->sc->cmnd;
	struct tcm_loop_device_id *id;
	u32 size;

	if (likely(cdb[0] != INQUIRY) || !(cdb[1] & INQUIRY_EVPD) ||
	    cdb[2] != DEVICE_ID_PAGE || !READ_ONCE(tpg->complete_device_id) ||
	    cmd->sc->sc_data_direction != DMA_FROM_DEVICE)
		return;

	/* Not less than was asked for: a backstore may have a longer page. */
	size = max_t(u32, allocation_length(cdb), TCM_LOOP_CORE_PAGE);
	id = kzalloc(sizeof(*id) + 2 * size + DEVICE_ID_GROWTH,
		     GFP_ATOMIC | __GFP_NOWARN);
	if (!id)
		return;
	memcpy(id->cdb, cdb, COMMAND_SIZE(INQUIRY));
	id->cdb[3] = size >> 8;
	id->cdb[4] = size;
	sg_init_one(&id->sg, id->page, size);
	id->size = size;
	cmd->device_id = id;
}

/**
 * tcm_loop_device_id_deliver - give the initiator its page
 * @cmd: a command on its detour, answered with GOOD status
 *
 * Sets the residual, too.  Any context.
 */
void tcm_loop_device_id_deliver(struct tcm_loop_cmd *cmd)
{
	struct tcm_loop_device_id *id = cmd->device_id;
	struct tcm_loop_tpg *tpg = to_tcm_loop_tpg(cmd->se_cmd.se_sess->se_tpg);
	u32 len = min(cmd->se_cmd.data_length, id->size);
	struct scsi_cmnd *sc = cmd->sc;
	u8 *page = id->page;
	int completed;

	completed = device_id_complete(page, len, page + id->size,
				       id->size + DEVICE_ID_GROWTH,
				       &tpg->host->name, tpg->tpgt);
	if (completed > 0) {
		page += id->size;
		len = completed;
	}
	len = min3(len, allocation_length(sc->cmnd), scsi_bufflen(sc));
	scsi_sg_copy_from_buffer(sc, page, len);
	scsi_set_resid(sc, scsi_bufflen(sc) - len);
}

/**
 * tcm_loop_device_id_end - a command comes back from its detour
 * @cmd: a command that is about to be released, or was never submitted
 *
 * Any context.
 */
void tcm_loop_device_id_end(struct tcm_loop_cmd *cmd)
{
	kfree(cmd->device_id);
	cmd->device_id = NULL;
}
