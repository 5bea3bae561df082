// SPDX-License-Identifier: GPL-2.0-only
#include <linux/device.h>

void probe(struct device_driver *driver);
void probe(struct device_driver *driver)
{
	put_driver(driver);
}
