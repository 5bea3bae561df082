// SPDX-License-Identifier: GPL-2.0-only
/*
 * What commands and segments a disk over iblock may have.
 *
 * The target core reports the most that the queue below takes at once (the
 * maximum, often 124 KiB) in the Block Limits page, and sd sends no larger
 * commands.  iblock can do with larger ones: it makes one bio of a command, as
 * a file system does of its pages, and the block layer splits that as the queue
 * below wants.  The target core does not compare a command with the maximum.
 * So a disk is told another: what the host takes.  A command of 1 MiB is one
 * command, not nine.  Nor are its segments shorter than the memory is
 * contiguous.
 *
 * If the device below reports no optimal size, the target core reports the
 * maximum in its place, unless attrib/optimal_sectors has another value.  An
 * older sd takes that for the maximum, and mkfs for the width of a stripe.  It
 * is no more optimal than any other, and so is left out.
 *
 * Blocks of a disk that are smaller than those of the device below can only be
 * read and written several at once.  READ CAPACITY(16) tells so, see bounce.c;
 * the target core knows only what the device below says of its own blocks.
 *
 * A disk with protection information has the target core's maximum: the queue
 * below has limits for that, too, by which no bio is split.
 *
 * Other backstores need their maximum: fileio, say, refuses what is larger.
 */
#include <linux/blkdev.h>
#include <linux/kernel.h>
#include <linux/log2.h>
#include <linux/mm.h>
#include <target/target_core_backend.h>

#include "tcm_loop.h"

/**
 * tcm_loop_iblock_limits - find out what commands a backstore of iblock takes
 * @dev: the backstore, which is enabled and linked
 * @limits: filled in
 *
 * None of the backstore's attributes can be changed while it is linked.  May
 * sleep.
 */
void tcm_loop_iblock_limits(struct se_device *dev,
			    struct tcm_loop_limits *limits)
{
	const struct se_dev_attrib *attrib = tcm_loop_dev_attrib(dev);

	if (attrib->block_size < attrib->hw_block_size)
		limits->physical_exponent =
			ilog2(attrib->hw_block_size / attrib->block_size);
	/*
	 * Kernel defect: iblock-alignment
	 *
	 * No block driver needs more; what it says itself cannot be had.
	 */
	limits->dma_alignment = min3(attrib->hw_block_size, attrib->block_size,
				     (u32)PAGE_SIZE) -
				1;
	if (!tcm_loop_bios_are_split() || tcm_loop_dev_has_protection(dev))
		return;
	limits->max_blocks = TCM_LOOP_MAX_SECTORS * 512 / attrib->block_size;
	if (!tcm_loop_dev_io_opt(dev))
		tcm_loop_limits_set_not_optimal(limits, attrib);
}
