// SPDX-License-Identifier: GPL-2.0-only
#include <linux/configfs.h>
#include <linux/stat.h>

ssize_t probe_name_show(struct config_item *item, char *page);

CONFIGFS_ATTR_RO(probe_, name);
const void *probe = &probe_attr_name;
