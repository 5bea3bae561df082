/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_DEVICE_H
#define TCM_LOOP_COMPAT_DEVICE_H

#include_next <linux/device.h>
#include "tcm_loop_probed.h"

#ifdef COMPAT_HAS_put_driver
/* Until 3.3 who found a driver got a reference. */
static inline struct device_driver *compat_driver_find(const char *name,
						       struct bus_type *bus)
{
	struct device_driver *driver = driver_find(name, bus);

	if (driver)
		put_driver(driver);
	return driver;
}
#define driver_find compat_driver_find
#endif

#endif /* TCM_LOOP_COMPAT_DEVICE_H */
