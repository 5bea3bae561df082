// SPDX-License-Identifier: GPL-2.0-only
/*
 * Files in /proc that are shown at once, before proc_create_single_data()
 * (4.18).
 */
#include <linux/fs.h>
#include <linux/module.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#ifndef COMPAT_HAS_proc_create_single_data

static void *compat_pde_data(const struct inode *inode)
{
#ifdef COMPAT_HAS_PDE_DATA
	return PDE_DATA(inode);
#else
	return PDE(inode)->data;
#endif
}

/* All files of this module are shown by one function. */
static int (*compat_show)(struct seq_file *m, void *v);

static int compat_open(struct inode *inode, struct file *file)
{
	return single_open(file, compat_show, compat_pde_data(inode));
}

static const struct file_operations compat_fops = {
	.owner = THIS_MODULE,
	.open = compat_open,
	.read = seq_read,
	.llseek = seq_lseek,
	.release = single_release,
};

/**
 * compat_proc_create_single_data - proc_create_single_data()
 * @name: the file's name
 * @mode: its permissions
 * @parent: the directory
 * @show: prints it; always the same
 * @data: m->private
 *
 * May sleep.
 *
 * Return: the file, or NULL.
 */
struct proc_dir_entry *compat_proc_create_single_data(
	const char *name, umode_t mode, struct proc_dir_entry *parent,
	int (*show)(struct seq_file *m, void *v), void *data)
{
	compat_show = show;
	return proc_create_data(name, mode, parent, &compat_fops, data);
}

#endif
