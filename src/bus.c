// SPDX-License-Identifier: GPL-2.0-only
/*
 * /sys/devices/tcm_loop_0 and the adapters below it.
 *
 * The bus and its driver exist for their places in sysfs: an adapter is made
 * and removed through configfs, never by binding or unbinding the driver, so
 * neither has a probe or a remove function.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/err.h>
#include <linux/slab.h>
#include <linux/wait.h>

#include "tcm_loop.h"

static struct device *tcm_loop_root;
static atomic_t tcm_loop_next_adapter = ATOMIC_INIT(0);

/*
 * Adapters whose memory somebody still refers to, counted under the lock of the
 * queue in which the module's exit waits for the last: who has woken it is past
 * this module's code when exit has had the lock.
 */
static unsigned int tcm_loop_adapters;
static DECLARE_WAIT_QUEUE_HEAD(tcm_loop_adapters_gone);

/* Not const: bus_register() of older kernels writes to it. */
static struct bus_type tcm_loop_bus = {
	.name = "tcm_loop_bus",
};

static struct device_driver tcm_loop_driver = {
	.name = "tcm_loop",
	.bus = &tcm_loop_bus,
	.suppress_bind_attrs = true,
};

static void tcm_loop_adapter_release(struct device *dev)
{
	unsigned long flags;

	kfree(container_of(dev, struct tcm_loop_host, dev));
	spin_lock_irqsave(&tcm_loop_adapters_gone.lock, flags);
	tcm_loop_adapters--;
	wake_up_locked(&tcm_loop_adapters_gone);
	spin_unlock_irqrestore(&tcm_loop_adapters_gone.lock, flags);
}

/**
 * tcm_loop_bus_add - register an adapter's device
 * @host: the adapter, zeroed memory from kmalloc
 *
 * From here on the device owns the memory, also when this fails.  May sleep.
 *
 * Return: 0, or a negative errno with @host already released.
 */
int tcm_loop_bus_add(struct tcm_loop_host *host)
{
	int ret;

	spin_lock_irq(&tcm_loop_adapters_gone.lock);
	tcm_loop_adapters++;
	spin_unlock_irq(&tcm_loop_adapters_gone.lock);
	device_initialize(&host->dev);
	host->dev.bus = &tcm_loop_bus;
	host->dev.parent = tcm_loop_root;
	host->dev.release = tcm_loop_adapter_release;

	ret = dev_set_name(&host->dev, "tcm_loop_adapter_%d",
			   atomic_inc_return(&tcm_loop_next_adapter) - 1);
	if (!ret)
		ret = device_add(&host->dev);
	if (ret)
		put_device(&host->dev);
	return ret;
}

struct tcm_loop_bus_call {
	int (*function)(struct tcm_loop_host *host, void *data);
	void *data;
};

static int tcm_loop_bus_call(struct device *dev, void *data)
{
	struct tcm_loop_bus_call *call = data;

	return call->function(container_of(dev, struct tcm_loop_host, dev),
			      call->data);
}

/**
 * tcm_loop_bus_for_each - call a function for each adapter
 * @function: the function; an adapter without TPGs may have no SCSI host
 * @data: for the function
 *
 * May sleep.
 *
 * Return: 0, or what @function returned first that is not 0.
 */
int tcm_loop_bus_for_each(int (*function)(struct tcm_loop_host *host,
					  void *data),
			  void *data)
{
	struct tcm_loop_bus_call call = { .function = function, .data = data };

	return bus_for_each_dev(&tcm_loop_bus, NULL, &call, tcm_loop_bus_call);
}

/**
 * tcm_loop_bus_register - make /sys/devices/tcm_loop_0, the bus and the driver
 *
 * May sleep.
 *
 * Return: 0, or a negative errno with nothing left behind.
 */
int tcm_loop_bus_register(void)
{
	int ret;

	tcm_loop_root = root_device_register("tcm_loop_0");
	if (IS_ERR(tcm_loop_root))
		return PTR_ERR(tcm_loop_root);

	ret = bus_register(&tcm_loop_bus);
	if (ret)
		goto out_root;

	ret = driver_register(&tcm_loop_driver);
	if (ret)
		goto out_bus;
	return 0;

out_bus:
	bus_unregister(&tcm_loop_bus);
out_root:
	root_device_unregister(tcm_loop_root);
	return ret;
}

/**
 * tcm_loop_bus_unregister - undo tcm_loop_bus_register()
 *
 * Every adapter must be unregistered.  Waits until nobody refers to them: their
 * release is code of this module.  May sleep.
 */
void tcm_loop_bus_unregister(void)
{
	wait_event(tcm_loop_adapters_gone, !READ_ONCE(tcm_loop_adapters));
	spin_lock_irq(&tcm_loop_adapters_gone.lock);
	spin_unlock_irq(&tcm_loop_adapters_gone.lock);
	driver_unregister(&tcm_loop_driver);
	bus_unregister(&tcm_loop_bus);
	root_device_unregister(tcm_loop_root);
}
