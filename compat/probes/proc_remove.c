// SPDX-License-Identifier: GPL-2.0-only
#include <linux/proc_fs.h>

void probe(struct proc_dir_entry *de)
{
	proc_remove(de);
}
