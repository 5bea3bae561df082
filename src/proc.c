// SPDX-License-Identifier: GPL-2.0-only
/*
 * /proc/scsi/tcm_loopback/N: which target is behind host N.
 *
 * The SCSI layer would make these files, for a template with show_info.  But
 * where a host cannot be made, it miscounts: the directory stays when the
 * module has gone, or goes while there are files in it; and removing a host
 * whose file could not be made is worth a warning to the kernel.
 *
 * Kernel defect: proc-directory
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/proc_fs.h>
#include <linux/seq_file.h>

#include "tcm_loop.h"

#define PROC_DIRECTORY "scsi/tcm_loopback"

/* NULL: this kernel has no /proc/scsi, or there was no memory. */
static struct proc_dir_entry *tcm_loop_proc_dir;

static int tcm_loop_proc_show(struct seq_file *m, void *v)
{
	struct tcm_loop_host *host = m->private;

	seq_printf(m, "tcm_loop %s, %s target %s\n", TCM_LOOP_VERSION,
		   protocol_id_string(host->name.protocol), host->name.text);
	return 0;
}

/**
 * tcm_loop_proc_add - make a host's file
 * @host: the adapter, with its SCSI host
 *
 * Without memory there will be none, which the log tells.  May sleep.
 */
void tcm_loop_proc_add(struct tcm_loop_host *host)
{
	char name[sizeof("4294967295")];

	if (!tcm_loop_proc_dir)
		return;
	snprintf(name, sizeof(name), "%u", host->shost->host_no);
	host->proc = proc_create_single_data(name, 0444, tcm_loop_proc_dir,
					     tcm_loop_proc_show, host);
	if (!host->proc)
		tcm_loop_limited(pr_warn, "no memory for /proc/%s/%s\n",
				 PROC_DIRECTORY, name);
}

/**
 * tcm_loop_proc_remove - remove a host's file, if there is one
 * @host: the adapter
 *
 * Afterwards nobody reads it.  May sleep.
 */
void tcm_loop_proc_remove(struct tcm_loop_host *host)
{
	proc_remove(host->proc);
}

/**
 * tcm_loop_proc_init - make the directory, if this kernel has /proc/scsi
 *
 * The module works without it.  May sleep.
 */
void tcm_loop_proc_init(void)
{
	if (IS_ENABLED(CONFIG_SCSI_PROC_FS))
		tcm_loop_proc_dir = proc_mkdir(PROC_DIRECTORY, NULL);
}

/**
 * tcm_loop_proc_exit - remove the directory, in which no file is left
 *
 * May sleep.
 */
void tcm_loop_proc_exit(void)
{
	proc_remove(tcm_loop_proc_dir);
}
