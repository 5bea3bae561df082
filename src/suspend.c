// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspend and hibernation.
 *
 * The SCSI layer waits for a disk's commands before it suspends the disk, with
 * user space frozen: for ever, if the backstore does not answer, or if it is
 * user space that answers.  So nothing is suspended while commands are held.
 *
 * sd then sends SYNCHRONIZE CACHE to a disk with a write cache, which a frozen
 * program does not answer either.  So each LUN's cache is written back before
 * user space is frozen, and sd gets its answer here, unless something was
 * written through this LUN meanwhile, or copied from another one.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/jiffies.h>
#include <linux/notifier.h>
#include <linux/sched.h>
#include <linux/suspend.h>

#include "tcm_loop.h"

/* As long as a command is waited for that only reads. */
#define TCM_LOOP_WRITE_BACK_TIMEOUT (30 * HZ)

static int tcm_loop_holds(struct tcm_loop_host *host, void *data)
{
	return tcm_loop_held_print(host) ? -EBUSY : 0;
}

/* Calls a function for each LUN of an adapter, with host->lock held. */
static int tcm_loop_luns_of_host(struct tcm_loop_host *host, void *data)
{
	int (**fn)(struct tcm_loop_lun *lun) = data;
	struct tcm_loop_tpg *tpg;
	struct tcm_loop_lun *lun;
	int ret = 0;

	mutex_lock(&host->lock);
	list_for_each_entry(tpg, &host->tpgs, node)
		list_for_each_entry(lun, &tpg->luns, node)
			ret = (*fn)(lun) ?: ret;
	mutex_unlock(&host->lock);
	return ret;
}

static int tcm_loop_luns(int (*fn)(struct tcm_loop_lun *lun))
{
	return tcm_loop_bus_for_each(tcm_loop_luns_of_host, &fn);
}

static int tcm_loop_lun_write_back(struct tcm_loop_lun *lun)
{
	if (lun->state == TCM_LOOP_LUN_LINKED)
		tcm_loop_write_back(lun);
	return 0;
}

static int tcm_loop_lun_forget(struct tcm_loop_lun *lun)
{
	WRITE_ONCE(lun->cache, TCM_LOOP_CACHE_UNKNOWN);
	return 0;
}

/*
 * Does the target still have what came back, or what was never sent by sd?  Or
 * is the disk being scanned again, by a work that cannot be frozen meanwhile?
 */
static int tcm_loop_lun_has_left(struct tcm_loop_lun *lun)
{
	return lun->state == TCM_LOOP_LUN_LINKED && (atomic_read(&lun->left) ||
						     READ_ONCE(lun->rescanning))
		       ? -EBUSY
		       : 0;
}

static int tcm_loop_suspend_prepare(void)
{
	unsigned long end = jiffies + TCM_LOOP_WRITE_BACK_TIMEOUT;
	int ret;

	ret = tcm_loop_bus_for_each(tcm_loop_holds, NULL);
	if (ret)
		return ret;
	/* What has ended by now is in the caches that are written back. */
	WRITE_ONCE(tcm_loop_copied, false);
	tcm_loop_luns(tcm_loop_lun_write_back);
	for (;;) {
		ret = tcm_loop_luns(tcm_loop_lun_has_left);
		if (!ret || time_after(jiffies, end))
			break;
		schedule_timeout_idle(1);
	}
	if (ret)
		tcm_loop_bus_for_each(tcm_loop_holds, NULL);
	return ret;
}

static int tcm_loop_suspend_notify(struct notifier_block *block,
				   unsigned long action, void *unused)
{
	int ret;

	switch (action) {
	case PM_SUSPEND_PREPARE:
	case PM_HIBERNATION_PREPARE:
		ret = tcm_loop_suspend_prepare();
		if (!ret)
			return NOTIFY_OK;
		pr_err("suspend refused: its disks would wait for the backstore, with user space frozen\n");
		break;
	case PM_POST_SUSPEND:
	case PM_POST_HIBERNATION:
		ret = 0;
		break;
	default:
		return NOTIFY_DONE;
	}
	tcm_loop_luns(tcm_loop_lun_forget);
	return notifier_from_errno(ret);
}

static struct notifier_block tcm_loop_suspend_block = {
	.notifier_call = tcm_loop_suspend_notify,
};

/**
 * tcm_loop_suspend_init - be asked before the machine is suspended
 *
 * May sleep.
 *
 * Return: 0, or a negative errno.
 */
int tcm_loop_suspend_init(void)
{
	return register_pm_notifier(&tcm_loop_suspend_block);
}

/**
 * tcm_loop_suspend_exit - undo tcm_loop_suspend_init()
 *
 * May sleep.
 */
void tcm_loop_suspend_exit(void)
{
	unregister_pm_notifier(&tcm_loop_suspend_block);
}
