/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_TARGET_CORE_BACKEND_H
#define TCM_LOOP_COMPAT_TARGET_CORE_BACKEND_H

/* The kernel's own needs this one first. */
#include <target/target_core_base.h>
#include_next <target/target_core_backend.h>
#include "tcm_loop_probed.h"

/**
 * se_device_show_params - what a backstore's "info" ends with
 * @dev: the backstore
 * @page: where to, one page
 *
 * May sleep.
 *
 * Return: the length; 0 where the core does not ask the backstore itself.
 */
static inline ssize_t se_device_show_params(struct se_device *dev, char *page)
{
#ifdef COMPAT_HAS_show_configfs_dev_params
	return dev->transport->show_configfs_dev_params(dev, page);
#else
	return 0;
#endif
}

#endif /* TCM_LOOP_COMPAT_TARGET_CORE_BACKEND_H */
