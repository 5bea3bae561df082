/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux 2.6.39 to 4.4, see ../target/target_core_base.h. */
#ifndef MODEL_PROC_FS_H
#define MODEL_PROC_FS_H

#define proc_create_single_data model_proc_create_single_data
#if MODEL < 310
#define proc_remove model_proc_remove
#endif
#include_next <linux/proc_fs.h>
#undef proc_create_single_data
#undef proc_remove

#define proc_create_data model_proc_create_data
struct file_operations;
struct proc_dir_entry *
model_proc_create_data(const char *name, umode_t mode,
		       struct proc_dir_entry *parent,
		       const struct file_operations *fops, void *data);

#if MODEL < 310
#define PDE_DATA model_has_no_PDE_DATA
struct proc_dir_entry {
	const char *name;
	struct proc_dir_entry *parent;
	void *data;
};
struct proc_dir_entry *PDE(const struct inode *inode);
#endif

#endif /* MODEL_PROC_FS_H */
