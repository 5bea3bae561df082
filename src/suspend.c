// SPDX-License-Identifier: GPL-2.0-only
/*
 * Suspend and hibernation.
 *
 * The SCSI layer waits for a disk's commands before it suspends the disk, with
 * user space frozen: for ever, if the backstore does not answer, or if it is
 * user space that answers.  So nothing is suspended while commands are held.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/notifier.h>
#include <linux/suspend.h>

#include "tcm_loop.h"

static int tcm_loop_holds(struct tcm_loop_host *host, void *data)
{
	return tcm_loop_held_print(host) ? -EBUSY : 0;
}

static int tcm_loop_suspend_notify(struct notifier_block *block,
				   unsigned long action, void *unused)
{
	int ret;

	if (action != PM_SUSPEND_PREPARE && action != PM_HIBERNATION_PREPARE)
		return NOTIFY_DONE;
	ret = tcm_loop_bus_for_each(tcm_loop_holds, NULL);
	if (ret)
		pr_err("suspend refused: its disks would wait for the backstore, with user space frozen\n");
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
