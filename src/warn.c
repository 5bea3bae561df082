// SPDX-License-Identifier: GPL-2.0-only
/*
 * What a LUN that is linked will surprise its users with: lines in the log.
 *
 * Kernel defects: naa-of-serial, iblock-block-size
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/gfp.h>
#include <linux/kernel.h>
#include <linux/string.h>
#include <target/target_core_backend.h>

#include "tcm_loop.h"

/* A LUN that is linked, and its backstore. */
struct tcm_loop_linked {
	const struct tcm_loop_lun *lun;
	struct se_device *dev;
};

/* The directory of a backstore below target/core, as "fileio_0/disk". */
#define BACKSTORE "%s/%s"
#define BACKSTORE_OF(dev)                                                      \
	config_item_name(tcm_loop_dev_item(dev)->ci_parent),                   \
		config_item_name(tcm_loop_dev_item(dev))

static bool tcm_loop_is_taken_for(const struct tcm_loop_linked *one,
				  const struct tcm_loop_lun *lun,
				  struct se_device *dev)
{
	const char *serial = tcm_loop_dev_wwn(one->dev)->unit_serial;
	const char *other = tcm_loop_dev_wwn(dev)->unit_serial;

	return dev != one->dev && !lun->passthrough && *serial && *other &&
	       !memcmp(lun->naa, one->lun->naa, TCM_LOOP_NAA_SIZE) &&
	       strcmp(serial, other);
}

/* Returns 1 if another backstore of the adapter has the designator. */
static int tcm_loop_warn_of_twin(struct tcm_loop_host *host, void *data)
{
	const struct tcm_loop_linked *one = data;
	char naa[2 * TCM_LOOP_NAA_SIZE + 1];
	struct tcm_loop_lun *lun;
	struct tcm_loop_tpg *tpg;
	struct se_device *dev;
	unsigned int i;
	int found = 0;

	for (i = 0; i < TCM_LOOP_NAA_SIZE; i++)
		sprintf(naa + 2 * i, "%02x", one->lun->naa[i]);

	mutex_lock(&host->lock);
	list_for_each_entry(tpg, &host->tpgs, node) {
		list_for_each_entry(lun, &tpg->luns, node) {
			if (found || lun->state != TCM_LOOP_LUN_LINKED)
				continue;
			/* The link keeps it while the state is that. */
			dev = rcu_dereference_raw(lun->se_lun->lun_se_dev);
			if (!tcm_loop_is_taken_for(one, lun, dev))
				continue;
			found = 1;
			tcm_loop_limited(
				pr_warn,
				BACKSTORE
				" and " BACKSTORE
				" have one identifier, %s, and may be taken for one disk: of their serial numbers \"%s\" and \"%s\" only hexadecimal digits count\n",
				BACKSTORE_OF(one->dev), BACKSTORE_OF(dev), naa,
				tcm_loop_dev_wwn(one->dev)->unit_serial,
				tcm_loop_dev_wwn(dev)->unit_serial);
		}
	}
	mutex_unlock(&host->lock);
	return found;
}

/* Does a file go through the page cache?  Only fileio's "info" tells. */
static bool tcm_loop_is_cached(struct se_device *dev)
{
	char *info = (char *)get_zeroed_page(GFP_KERNEL);
	bool cached;

	if (!info)
		return false;
	cached = tcm_loop_dev_show_params(dev, info) > 0 &&
		 strstr(info, "Mode: Buffered");
	free_page((unsigned long)info);
	return cached;
}

/**
 * tcm_loop_lun_warn - tell of what users of a LUN may not expect
 * @lun: the LUN, which is linked
 * @dev: its backstore
 *
 * May sleep.
 */
void tcm_loop_lun_warn(struct tcm_loop_lun *lun, struct se_device *dev)
{
	const struct se_dev_attrib *attrib = tcm_loop_dev_attrib(dev);
	struct tcm_loop_linked one = { .lun = lun, .dev = dev };

	if (!lun->passthrough)
		tcm_loop_bus_for_each(tcm_loop_warn_of_twin, &one);
	if (!strcmp(dev->transport->name, "fileio") &&
	    !attrib->emulate_write_cache && tcm_loop_is_cached(dev))
		tcm_loop_limited(
			pr_warn,
			BACKSTORE
			" says that it has no write cache, but is written through the page cache (fd_buffered_io): what was flushed may be lost; 1 in its attrib/emulate_write_cache mends that\n",
			BACKSTORE_OF(dev));
	if (lun->bio && attrib->block_size < attrib->hw_block_size)
		tcm_loop_limited(
			pr_warn,
			"%s tpgt_%u lun_%llu: has blocks of %u bytes, the device below " BACKSTORE
			" blocks of %u: only what is aligned to these can be read or written\n",
			lun->tpg->host->name.text, lun->tpg->tpgt, lun->number,
			attrib->block_size, BACKSTORE_OF(dev),
			attrib->hw_block_size);
}
