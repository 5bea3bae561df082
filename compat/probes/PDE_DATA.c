// SPDX-License-Identifier: GPL-2.0-only
#include <linux/proc_fs.h>

void *probe(const struct inode *inode)
{
	return PDE_DATA(inode);
}
