// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_backend.h>

ssize_t probe(struct se_device *dev, char *page);
ssize_t probe(struct se_device *dev, char *page)
{
	return dev->transport->show_configfs_dev_params(dev, page);
}
