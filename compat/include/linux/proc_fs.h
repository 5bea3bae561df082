/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_PROC_FS_H
#define TCM_LOOP_COMPAT_PROC_FS_H

#include_next <linux/proc_fs.h>
#include "tcm_loop_probed.h"

#ifndef COMPAT_HAS_proc_remove
static inline void proc_remove(struct proc_dir_entry *de)
{
	if (de)
		remove_proc_entry(de->name, de->parent);
}
#endif

#ifndef COMPAT_HAS_proc_create_single_data
#define proc_create_single_data compat_proc_create_single_data
struct seq_file;
struct proc_dir_entry *compat_proc_create_single_data(
	const char *name, umode_t mode, struct proc_dir_entry *parent,
	int (*show)(struct seq_file *m, void *v), void *data);
#endif

#endif /* TCM_LOOP_COMPAT_PROC_FS_H */
