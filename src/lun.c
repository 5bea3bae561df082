// SPDX-License-Identifier: GPL-2.0-only
/*
 * The LUNs of a TPG: linked, scanned, unlinked.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/compiler.h>
#include <linux/device.h>
#include <linux/jiffies.h>
#include <linux/kref.h>
#include <linux/rculist.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_backend.h>

#include "tcm_loop.h"
#include "tcm_loop_trace.h"

/**
 * tcm_loop_lun_find - the LUN of a number that has or can have a disk
 * @tpg: the TPG
 * @number: the number
 *
 * host->lock is held.
 *
 * Return: the LUN, or NULL if none of that number is linked, or if it is about
 * to be unlinked.
 */
struct tcm_loop_lun *tcm_loop_lun_find(struct tcm_loop_tpg *tpg, u64 number)
{
	struct tcm_loop_lun *lun;

	lockdep_assert_held(&tpg->host->lock);
	list_for_each_entry(lun, &tpg->luns, node)
		if (lun->number == number && lun->state == TCM_LOOP_LUN_LINKED)
			return lun;
	return NULL;
}

/* Has the target core a LUN of this number, about to be unlinked or not? */
static bool tcm_loop_lun_in_core(struct tcm_loop_tpg *tpg, u64 number)
{
	struct tcm_loop_lun *lun;

	lockdep_assert_held(&tpg->host->lock);
	list_for_each_entry(lun, &tpg->luns, node)
		if (lun->number == number &&
		    rcu_access_pointer(lun->se_lun->lun_se_dev))
			return true;
	return false;
}

static struct tcm_loop_lun *tcm_loop_lun_alloc(struct tcm_loop_tpg *tpg,
					       u64 number, gfp_t gfp)
{
	struct tcm_loop_lun *lun = kzalloc(sizeof(*lun), gfp);

	if (!lun)
		return NULL;
	INIT_LIST_HEAD(&lun->node);
	kref_init(&lun->ref);
	tcm_loop_capacity_init_lun(lun);
	lun->number = number;
	/* Until its backstore is known: a scan may just add a disk for it. */
	lun->write_protected = true;
	lun->tpg = tpg;
	kref_get(&tpg->ref);
	return lun;
}

static void tcm_loop_lun_free(struct kref *ref)
{
	struct tcm_loop_lun *lun = container_of(ref, struct tcm_loop_lun, ref);

	tcm_loop_faults_free(lun);
	tcm_loop_tpg_put(lun->tpg);
	kfree_rcu(lun, rcu);
}

/**
 * tcm_loop_lun_get - the LUN for a scsi_device
 * @tpg: the TPG
 * @number: its number
 *
 * LUN 0 may be asked of any target port with a nexus, linked or not: REPORT
 * LUNS goes there.  But not while it is being unlinked, nor if it is of a
 * second directory of the number: the backstore may answer, and its disk would
 * be left over.  host->lock is held.  May sleep.
 *
 * Return: the LUN, referenced, or NULL if there is none to be found.
 */
struct tcm_loop_lun *tcm_loop_lun_get(struct tcm_loop_tpg *tpg, u64 number)
{
	struct tcm_loop_lun *lun;

	if (!rcu_access_pointer(tpg->session))
		return NULL;
	lun = tcm_loop_lun_find(tpg, number);
	if (lun)
		kref_get(&lun->ref);
	else if (number == 0 && !tcm_loop_lun_in_core(tpg, 0))
		lun = tcm_loop_lun_alloc(tpg, 0, GFP_KERNEL);
	return lun;
}

/**
 * tcm_loop_lun_put - return a reference to a LUN
 * @lun: the LUN
 *
 * Any context.
 */
void tcm_loop_lun_put(struct tcm_loop_lun *lun)
{
	kref_put(&lun->ref, tcm_loop_lun_free);
}

/**
 * tcm_loop_luns_leave - forget the LUNs that the target core has unlinked
 * @tpg: the TPG
 * @back: a LUN that is linked again, and so was unlinked before; or NULL
 *
 * host->lock is held.
 *
 * Return: whether the target core has yet to unlink one whose disk is gone.
 */
bool tcm_loop_luns_leave(struct tcm_loop_tpg *tpg, const struct se_lun *back)
{
	struct tcm_loop_lun *lun, *next;
	bool some = false;

	lockdep_assert_held(&tpg->host->lock);
	list_for_each_entry_safe(lun, next, &tpg->luns, node) {
		if (lun->state < TCM_LOOP_LUN_LEAVING)
			continue;
		if (lun->se_lun != back &&
		    rcu_access_pointer(lun->se_lun->lun_se_dev)) {
			some |= lun->state == TCM_LOOP_LUN_LEFT;
			continue;
		}
		list_del_rcu(&lun->node);
		tcm_loop_se_lun_put(lun->se_lun);
		tcm_loop_lun_put(lun);
	}
	return some;
}

/**
 * tcm_loop_luns_wait - wait for LUNs whose disks are gone to be unlinked
 * @tpg: the TPG
 *
 * tpg->nexus_lock is held, so that the target core gets no further one to
 * unlink.  This takes no longer than a grace period, and than the task
 * management functions of the LUN.  May sleep.
 *
 * Kernel defect: nexus-entry
 */
void tcm_loop_luns_wait(struct tcm_loop_tpg *tpg)
{
	unsigned int seen;
	bool some;

	lockdep_assert_held(&tpg->nexus_lock);
	for (;;) {
		mutex_lock(&tpg->host->lock);
		some = tcm_loop_luns_leave(tpg, NULL);
		seen = tpg->unlinks;
		mutex_unlock(&tpg->host->lock);
		if (!some)
			return;
		tcm_loop_wait_for_unlink(&tpg->unlinked, &tpg->unlinks, seen);
	}
}

/**
 * tcm_loop_luns_unlinked - the target core has unlinked a LUN
 * @tpg: its TPG
 *
 * Not every core says so; then a LUN is forgotten with the next one.  May
 * sleep.
 */
void tcm_loop_luns_unlinked(struct tcm_loop_tpg *tpg)
{
	mutex_lock(&tpg->host->lock);
	tcm_loop_luns_leave(tpg, NULL);
	WRITE_ONCE(tpg->unlinks, tpg->unlinks + 1);
	mutex_unlock(&tpg->host->lock);
	wake_up_all(&tpg->unlinked);
}

/* A disk can be found through a nexus, and while the TPG is online. */
static void tcm_loop_lun_scan(struct tcm_loop_tpg *tpg, u64 number)
{
	struct Scsi_Host *shost = tpg->host->shost;
	int ret;

	if (!rcu_access_pointer(tpg->session) || !READ_ONCE(tpg->online))
		return;
	ret = scsi_add_device(shost, 0, tpg->tpgt, number);
	if (ret)
		tcm_loop_limited(
			pr_warn,
			"%s tpgt_%u lun_%llu: no disk appeared (error %d); \"echo 0 %u %llu > /sys/class/scsi_host/host%u/scan\" tries again\n",
			tpg->host->name.text, tpg->tpgt, number, ret, tpg->tpgt,
			number, shost->host_no);
}

/* How long a LUN that is linked waits for its block device. */
#define TCM_LOOP_DISK_SECONDS 10

/* A disk is announced when its partitions are known; then it can be opened. */
static int tcm_loop_is_announced(struct device *child, void *unused)
{
	if (!child->class || strcmp(child->class->name, "block"))
		return false;
	/* A bit that is cleared once, without a lock: it is looked at again. */
	return !data_race(dev_get_uevent_suppress(child));
}

/* Is there nothing to wait for?  sd adds the block device after the scan. */
static bool tcm_loop_lun_is_settled(struct tcm_loop_tpg *tpg, u64 number)
{
	struct scsi_device *sdev;
	bool settled;

	sdev = scsi_device_lookup(tpg->host->shost, 0, tpg->tpgt, number);
	if (!sdev)
		return true;
	settled = (sdev->type != TYPE_DISK && sdev->type != TYPE_ZBC) ||
		  !driver_find("sd", sdev->sdev_gendev.bus) ||
		  device_for_each_child(&sdev->sdev_gendev, NULL,
					tcm_loop_is_announced);
	scsi_device_put(sdev);
	return settled;
}

/*
 * Programs look for the block device when the LUN is linked.  It waits for a
 * backstore that does not answer, and so this does not wait for ever.
 */
static void tcm_loop_lun_settle(struct tcm_loop_tpg *tpg, u64 number,
				unsigned long end)
{
	while (!tcm_loop_lun_is_settled(tpg, number)) {
		if (time_after(jiffies, end)) {
			tcm_loop_limited(
				pr_warn,
				"%s tpgt_%u lun_%llu: its block device is not there after %u s; it appears when the backstore answers\n",
				tpg->host->name.text, tpg->tpgt, number,
				TCM_LOOP_DISK_SECONDS);
			return;
		}
		schedule_timeout_idle(1);
	}
}

/*
 * A LUN's disk, if there is one; returns when nobody uses it.  What is just
 * being removed through sysfs is not found, and is removed under scan_mutex.
 */
static void tcm_loop_lun_remove_disk(struct tcm_loop_lun *lun)
{
	struct Scsi_Host *shost = lun->tpg->host->shost;
	struct scsi_device *sdev;

	sdev = scsi_device_lookup(shost, 0, lun->tpg->tpgt, lun->number);
	if (sdev) {
		scsi_remove_device(sdev);
		scsi_device_put(sdev);
	} else {
		mutex_lock(&shost->scan_mutex);
		mutex_unlock(&shost->scan_mutex);
	}
}

/* host->lock is held. */
static void tcm_loop_lun_insert(struct tcm_loop_lun *lun)
{
	struct tcm_loop_lun *before;

	lockdep_assert_held(&lun->tpg->host->lock);
	/* Most often the last one. */
	list_for_each_entry_reverse(before, &lun->tpg->luns, node)
		if (before->number <= lun->number)
			break;
	list_add_rcu(&lun->node, &before->node);
}

/*
 * What a backstore's name says of the way to it, see submit.c, pscsi.c and
 * iblock.c.
 */
static void tcm_loop_lun_set_path(struct tcm_loop_lun *lun,
				  struct se_device *dev)
{
	const char *name = dev->transport->name;

	lun->bio = !strcmp(name, "iblock");
	lun->at_once = lun->bio || !strcmp(name, "rd_mcp");
	/* It takes commands of any size. */
	if (!strcmp(name, "rd_mcp"))
		tcm_loop_limits_set_not_optimal(&lun->limits,
						tcm_loop_dev_attrib(dev));
	lun->passthrough = !strcmp(name, "pscsi") || !strcmp(name, "user");
	if (!strcmp(name, "pscsi"))
		tcm_loop_pscsi_limits(dev, &lun->limits);
	else
		lun->dev = dev;
	if (lun->bio)
		tcm_loop_iblock_limits(dev, &lun->limits);
}

/**
 * tcm_loop_lun_link - a LUN was linked to a backstore
 * @tpg: its TPG
 * @se_lun: the LUN; above TCM_LOOP_MAX_LUN, which the target core does not
 *	refuse, it gets no disk, nor does a second one of a number (lun_0 and
 *	lun_00)
 *
 * Makes the disk appear if there is a nexus and the TPG is online; if not, it
 * appears when that comes true.  Returns when its block device can be opened,
 * but after TCM_LOOP_DISK_SECONDS at most.  May sleep.
 */
void tcm_loop_lun_link(struct tcm_loop_tpg *tpg, struct se_lun *se_lun)
{
	struct tcm_loop_host *host = tpg->host;
	u64 number = se_lun->unpacked_lun;
	struct tcm_loop_lun *lun;
	struct tcm_loop_lun *twice;
	struct se_device *dev;

	/* There is no way to refuse, and so little memory can be had. */
	lun = tcm_loop_lun_alloc(tpg, number, GFP_KERNEL | __GFP_NOFAIL);
	lun->se_lun = se_lun;
	tcm_loop_se_lun_get(se_lun);
	/* The link keeps the device. */
	dev = rcu_dereference_raw(se_lun->lun_se_dev);
	tcm_loop_lun_set_path(lun, dev);

	mutex_lock(&host->lock);
	/* The core is done with unlinking it, if it has been linked before. */
	tcm_loop_luns_leave(tpg, se_lun);
	tcm_loop_protect(lun, dev);
	twice = tcm_loop_lun_find(tpg, number);
	/* The target core may give the first one's disk this backstore. */
	if (twice && lun->write_protected)
		twice->write_protected = true;
	lun->state = twice || number > TCM_LOOP_MAX_LUN ? TCM_LOOP_LUN_DISKLESS
							: TCM_LOOP_LUN_LINKED;
	tcm_loop_lun_insert(lun);
	mutex_unlock(&host->lock);
	if (number > TCM_LOOP_MAX_LUN)
		tcm_loop_limited(
			pr_err,
			"%s tpgt_%u lun_%llu: no disk; accepted: lun_0 to lun_%u\n",
			host->name.text, tpg->tpgt, number, TCM_LOOP_MAX_LUN);
	else if (twice)
		tcm_loop_limited(
			pr_err,
			"%s tpgt_%u %s: no disk; another directory is lun_%llu, too\n",
			host->name.text, tpg->tpgt,
			config_item_name(&se_lun->lun_group.cg_item), number);
	if (lun->state == TCM_LOOP_LUN_DISKLESS)
		return;
	tcm_loop_lun_warn(lun, dev);
	tcm_loop_faults_add(lun);
	trace_tcm_loop_lun(tpg, number, true);
	/* A scan may have asked LUN 0 already: not of this object. */
	if (number == 0)
		tcm_loop_lun_remove_disk(lun);
	tcm_loop_lun_scan(tpg, number);
	tcm_loop_lun_settle(tpg, number, jiffies + TCM_LOOP_DISK_SECONDS * HZ);
}

/* host->lock is held. */
static struct tcm_loop_lun *tcm_loop_lun_of(struct tcm_loop_tpg *tpg,
					    const struct se_lun *se_lun)
{
	struct tcm_loop_lun *lun;

	lockdep_assert_held(&tpg->host->lock);
	list_for_each_entry(lun, &tpg->luns, node)
		if (lun->se_lun == se_lun && lun->state < TCM_LOOP_LUN_LEAVING)
			return lun;
	return NULL;
}

/**
 * tcm_loop_lun_unlink - a LUN is about to lose its backstore
 * @tpg: its TPG
 * @se_lun: the LUN
 *
 * Removes the disk and waits until nobody uses it.  May sleep.
 */
void tcm_loop_lun_unlink(struct tcm_loop_tpg *tpg, struct se_lun *se_lun)
{
	struct tcm_loop_host *host = tpg->host;
	struct tcm_loop_lun *lun;
	bool linked;

	mutex_lock(&host->lock);
	lun = tcm_loop_lun_of(tpg, se_lun);
	mutex_unlock(&host->lock);
	tcm_loop_faults_remove(lun);

	/*
	 * First the list, then the lookup: sdev_init either sees that the LUN
	 * leaves, or its scsi_device is listed where the lookup finds it.
	 */
	mutex_lock(&host->lock);
	linked = lun->state == TCM_LOOP_LUN_LINKED;
	lun->state = TCM_LOOP_LUN_LEAVING;
	tcm_loop_luns_leave(tpg, NULL);
	mutex_unlock(&host->lock);

	if (linked) {
		trace_tcm_loop_lun(tpg, lun->number, false);
		tcm_loop_held_wait(lun);
		tcm_loop_capacity_end(lun);
		tcm_loop_lun_remove_disk(lun);
		tcm_loop_capacity_end(lun);
	}
	tcm_loop_registrations_wait();

	mutex_lock(&tpg->nexus_lock);
	mutex_lock(&host->lock);
	lun->state = TCM_LOOP_LUN_LEFT;
	mutex_unlock(&host->lock);
	mutex_unlock(&tpg->nexus_lock);
}

/* The number of the first LUN from number on that has or can have a disk. */
static bool tcm_loop_lun_next(struct tcm_loop_tpg *tpg, u64 *number)
{
	struct tcm_loop_lun *lun;
	bool found = false;

	mutex_lock(&tpg->host->lock);
	list_for_each_entry(lun, &tpg->luns, node) {
		found = lun->number >= *number &&
			lun->state == TCM_LOOP_LUN_LINKED;
		if (found)
			break;
	}
	if (found)
		*number = lun->number;
	mutex_unlock(&tpg->host->lock);
	return found;
}

/**
 * tcm_loop_lun_scan_all - make the disks of all linked LUNs appear
 * @tpg: the TPG, which has got a nexus or come online
 *
 * Does nothing without a nexus, and while the TPG is offline.  Returns when all
 * block devices can be opened, but after TCM_LOOP_DISK_SECONDS at most.  May
 * sleep.
 */
void tcm_loop_lun_scan_all(struct tcm_loop_tpg *tpg)
{
	unsigned long end;
	u64 number;

	for (number = 0; tcm_loop_lun_next(tpg, &number); number++)
		tcm_loop_lun_scan(tpg, number);
	end = jiffies + TCM_LOOP_DISK_SECONDS * HZ;
	for (number = 0; tcm_loop_lun_next(tpg, &number); number++)
		tcm_loop_lun_settle(tpg, number, end);
}

/**
 * tcm_loop_lun_count - how many LUNs are linked
 * @tpg: the TPG
 *
 * May sleep.
 *
 * Return: the number.
 */
unsigned int tcm_loop_lun_count(struct tcm_loop_tpg *tpg)
{
	struct tcm_loop_lun *lun;
	unsigned int count = 0;

	mutex_lock(&tpg->host->lock);
	list_for_each_entry(lun, &tpg->luns, node)
		count += lun->state == TCM_LOOP_LUN_LINKED;
	mutex_unlock(&tpg->host->lock);
	return count;
}

/**
 * tcm_loop_lun_twins - how many LUNs have the number of another
 * @tpg: the TPG
 *
 * The target core takes lun_0 and lun_00 for two LUNs, but gives a number to
 * one only.  May sleep.
 *
 * Return: how many of a number there are beyond one, of all numbers.
 */
unsigned int tcm_loop_lun_twins(struct tcm_loop_tpg *tpg)
{
	struct tcm_loop_lun *lun, *last = NULL;
	unsigned int count = 0;

	mutex_lock(&tpg->host->lock);
	list_for_each_entry(lun, &tpg->luns, node) {
		count += last && last->number == lun->number;
		last = lun;
	}
	mutex_unlock(&tpg->host->lock);
	return count;
}
