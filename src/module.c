// SPDX-License-Identifier: GPL-2.0-only
/*
 * tcm_loop: LIO backstores as local SCSI disks.  Init, exit and parameters.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/module.h>
#include <linux/moduleparam.h>

#include "tcm_loop.h"

/* As much as a user can read, and no more than a log can hold. */
DEFINE_RATELIMIT_STATE(tcm_loop_messages, 10 * HZ, 200);

struct uint_range {
	unsigned int *value;
	unsigned int min;
	unsigned int max;
};

static int set_uint_range(const char *val, const struct kernel_param *kp)
{
	const struct uint_range *range = kp->arg;
	unsigned int value;

	if (kstrtouint(val, 0, &value) || value < range->min ||
	    value > range->max) {
		tcm_loop_limited(
			pr_err, "%s: \"%.32s\" is not a number from %u to %u\n",
			kp->name, val, range->min, range->max);
		return -EINVAL;
	}
	*range->value = value;
	return 0;
}

static int get_uint_range(char *buffer, const struct kernel_param *kp)
{
	const struct uint_range *range = kp->arg;

	return scnprintf(buffer, PAGE_SIZE, "%u\n", *range->value);
}

static const struct kernel_param_ops uint_range_ops = {
	.set = set_uint_range,
	.get = get_uint_range,
};

unsigned int tcm_loop_nr_hw_queues;
static struct uint_range nr_hw_queues_range = { &tcm_loop_nr_hw_queues, 0,
						4096 };
module_param_cb(nr_hw_queues, &uint_range_ops, &nr_hw_queues_range, 0644);
MODULE_PARM_DESC(
	nr_hw_queues,
	"hardware queues of each adapter made from now on, 1 to 4096; 0 for one on each CPU where commands complete without a work queue, else one (default 0)");

unsigned int tcm_loop_can_queue = 1024;
static struct uint_range can_queue_range = { &tcm_loop_can_queue, 1, 10240 };
module_param_cb(can_queue, &uint_range_ops, &can_queue_range, 0644);
MODULE_PARM_DESC(
	can_queue,
	"commands in flight on each adapter made from now on, 1 to 10240 (default 1024)");

unsigned int tcm_loop_cmd_per_lun;
static struct uint_range cmd_per_lun_range = { &tcm_loop_cmd_per_lun, 0,
					       10240 };
module_param_cb(cmd_per_lun, &uint_range_ops, &cmd_per_lun_range, 0644);
MODULE_PARM_DESC(
	cmd_per_lun,
	"initial queue depth of each disk of an adapter made from now on, 1 to 10240; 0 for seven eighths of can_queue, so that a disk that hangs leaves some to the others (default 0)");

bool tcm_loop_strict_names;
module_param_named(strict_names, tcm_loop_strict_names, bool, 0644);
MODULE_PARM_DESC(
	strict_names,
	"refuse names of targets and initiator ports that only have the prefix of a protocol (default N)");

static int __init tcm_loop_init(void)
{
	int ret;

	ret = tcm_loop_reservation_init();
	if (ret)
		return ret;

	ret = tcm_loop_bus_register();
	if (ret)
		goto out_reservation;

	ret = tcm_loop_suspend_init();
	if (ret)
		goto out_bus;

	ret = tcm_loop_capacity_init();
	if (ret)
		goto out_suspend;

	tcm_loop_proc_init();
	tcm_loop_faults_init();
	ret = tcm_loop_fabric_register();
	if (ret)
		goto out_proc;
	return 0;

out_proc:
	tcm_loop_faults_exit();
	tcm_loop_proc_exit();
	tcm_loop_capacity_exit();
out_suspend:
	tcm_loop_suspend_exit();
out_bus:
	tcm_loop_bus_unregister();
out_reservation:
	tcm_loop_reservation_exit();
	return ret;
}

static void __exit tcm_loop_exit(void)
{
	tcm_loop_fabric_unregister();
	tcm_loop_faults_exit();
	tcm_loop_proc_exit();
	tcm_loop_capacity_exit();
	tcm_loop_suspend_exit();
	tcm_loop_bus_unregister();
	tcm_loop_reservation_exit();
}

module_init(tcm_loop_init);
module_exit(tcm_loop_exit);
MODULE_DESCRIPTION(
	"SCSI loopback fabric of the LIO target: backstores as local SCSI disks");
MODULE_AUTHOR("The tcm_loop-dkms developers");
MODULE_VERSION(TCM_LOOP_VERSION);
MODULE_LICENSE("GPL");
