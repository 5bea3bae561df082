// SPDX-License-Identifier: GPL-2.0-only
/*
 * The lines of a LUN's fault rules: in debugfs tcm_loop/H:0:T:L/error, and for
 * tpgt_N/faults, see doc/faults.md.  Not built for a kernel without debugfs.
 *
 * The rules and the file live with the LUN, from its link to its unlinking,
 * whatever becomes of its disk.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/uaccess.h>

#include "fault.h"
#include "tcm_loop.h"

/* How much of a bad field a message shows. */
#define SHOWN 32

/* NULL or an ERR_PTR: this kernel does without, or there was no memory. */
static struct dentry *tcm_loop_fault_root;

/* Whose rules are changed, and that its files and rules go. */
static DEFINE_MUTEX(tcm_loop_fault_mutex);

static void tcm_loop_faults_free_list(struct list_head *list)
{
	struct tcm_loop_fault *fault, *next;

	list_for_each_entry_safe(fault, next, list, node)
		kfree(fault);
}

/* The mutex is held. */
static int tcm_loop_fault_apply(struct tcm_loop_lun *lun,
				struct tcm_loop_fault *line,
				struct list_head *taken)
{
	int ret = tcm_loop_faults_change(lun, line, taken);

	switch (ret) {
	case -ENOSPC:
		tcm_loop_limited(
			pr_err,
			"%s tpgt_%u lun_%llu: has %u fault rules, and takes no more\n",
			lun->tpg->host->name.text, lun->tpg->tpgt, lun->number,
			TCM_LOOP_MAX_FAULTS);
		break;
	case -ENOENT:
		tcm_loop_limited(
			pr_err,
			"%s tpgt_%u lun_%llu: no fault rule of type %d and opcode 0x%x\n",
			lun->tpg->host->name.text, lun->tpg->tpgt, lun->number,
			line->rule.type, line->rule.opcode);
		ret = -EINVAL;
		break;
	}
	return ret;
}

static void tcm_loop_fault_refuse(const struct tcm_loop_lun *lun,
				  const struct fault_error *error)
{
	int len = min_t(size_t, error->len, SHOWN);

	if (len)
		tcm_loop_limited(
			pr_err,
			"%s tpgt_%u lun_%llu: fault rule: %s \"%.*s\"; accepted: %s\n",
			lun->tpg->host->name.text, lun->tpg->tpgt, lun->number,
			error->field, len, error->given, error->accepted);
	else
		tcm_loop_limited(
			pr_err,
			"%s tpgt_%u lun_%llu: fault rule: %s is missing; accepted: %s\n",
			lun->tpg->host->name.text, lun->tpg->tpgt, lun->number,
			error->field, error->accepted);
}

/* All lines, or the first error. */
static int tcm_loop_faults_parse(const char *text, size_t len,
				 struct list_head *lines,
				 struct fault_error *error)
{
	const char *end = text + len, *line, *stop;
	struct tcm_loop_fault *fault;

	for (line = text; line < end; line = stop + 1) {
		stop = memchr(line, '\n', end - line) ?: end;
		fault = kmalloc(sizeof(*fault), GFP_KERNEL);
		if (!fault)
			return -ENOMEM;
		list_add_tail(&fault->node, lines);
		fault->line = fault_rule_parse(line, stop - line, &fault->rule,
					       error);
		if (fault->line < 0)
			return fault->line;
	}
	return 0;
}

/**
 * tcm_loop_faults_store - take lines for a LUN
 * @lun: the LUN, referenced
 * @text: the lines
 * @len: their length
 *
 * With a bad line among them nothing is changed.  May sleep.
 *
 * Return: 0; -EINVAL, of which the log tells; -ENODEV if the LUN is not linked
 * any more; -ENOSPC if it has too many rules; -ENOMEM.
 */
int tcm_loop_faults_store(struct tcm_loop_lun *lun, const char *text,
			  size_t len)
{
	struct tcm_loop_fault *line, *next;
	struct tcm_loop_faults *faults;
	struct fault_error error;
	LIST_HEAD(lines);
	LIST_HEAD(taken);
	int ret;

	faults = tcm_loop_faults_alloc();
	if (!faults)
		return -ENOMEM;
	ret = tcm_loop_faults_parse(text, len, &lines, &error);

	mutex_lock(&tcm_loop_fault_mutex);
	if (!lun->takes_faults) {
		ret = -ENODEV;
	} else if (ret == -EINVAL) {
		tcm_loop_fault_refuse(lun, &error);
	} else if (!ret) {
		if (!lun->faults) {
			tcm_loop_faults_give(lun, faults);
			faults = NULL;
		}
		list_for_each_entry_safe(line, next, &lines, node) {
			if (line->line == FAULT_LINE_EMPTY)
				continue;
			ret = tcm_loop_fault_apply(lun, line, &taken);
			if (ret)
				break;
		}
	}
	mutex_unlock(&tcm_loop_fault_mutex);
	tcm_loop_faults_free_list(&lines);
	tcm_loop_faults_free_list(&taken);
	kfree(faults);
	return ret;
}

static struct fault_rule *tcm_loop_faults_buffer(void)
{
	return kcalloc(TCM_LOOP_MAX_FAULTS, sizeof(struct fault_rule),
		       GFP_KERNEL);
}

/**
 * tcm_loop_faults_show - print the rules of a TPG's LUNs
 * @tpg: the TPG
 * @page: where to
 * @size: its size
 *
 * May sleep.
 *
 * Return: the length printed, or -ENOMEM.
 */
ssize_t tcm_loop_faults_show(struct tcm_loop_tpg *tpg, char *page, size_t size)
{
	struct fault_rule *rules = tcm_loop_faults_buffer();
	char text[FAULT_RULE_SIZE];
	struct tcm_loop_lun *lun;
	unsigned int count, i;
	ssize_t len = 0;

	if (!rules)
		return -ENOMEM;
	mutex_lock(&tpg->host->lock);
	list_for_each_entry(lun, &tpg->luns, node) {
		count = tcm_loop_faults_copy(lun, rules);
		for (i = 0; i < count; i++) {
			fault_rule_print(&rules[i], text, sizeof(text));
			len += scnprintf(page + len, size - len, "%llu %s\n",
					 lun->number, text);
		}
	}
	mutex_unlock(&tpg->host->lock);
	kfree(rules);
	return len;
}

static int tcm_loop_fault_file_show(struct seq_file *m, void *unused)
{
	struct fault_rule *rules = tcm_loop_faults_buffer();
	char text[FAULT_RULE_SIZE];
	unsigned int count, i;

	if (!rules)
		return -ENOMEM;
	count = tcm_loop_faults_copy(m->private, rules);
	for (i = 0; i < count; i++) {
		fault_rule_print(&rules[i], text, sizeof(text));
		seq_printf(m, "%s\n", text);
	}
	kfree(rules);
	return 0;
}

/* Who has it open has a reference to the LUN. */
static int tcm_loop_fault_file_open(struct inode *inode, struct file *file)
{
	struct tcm_loop_lun *lun;
	int ret;

	mutex_lock(&tcm_loop_fault_mutex);
	lun = inode->i_private;
	if (lun)
		kref_get(&lun->ref);
	mutex_unlock(&tcm_loop_fault_mutex);
	if (!lun)
		return -ENODEV;
	ret = single_open(file, tcm_loop_fault_file_show, lun);
	if (ret)
		tcm_loop_lun_put(lun);
	return ret;
}

static int tcm_loop_fault_file_release(struct inode *inode, struct file *file)
{
	struct seq_file *m = file->private_data;
	struct tcm_loop_lun *lun = m->private;
	int ret = single_release(inode, file);

	tcm_loop_lun_put(lun);
	return ret;
}

static ssize_t tcm_loop_fault_file_write(struct file *file,
					 const char __user *from, size_t count,
					 loff_t *at)
{
	struct seq_file *m = file->private_data;
	char *text;
	int ret;

	if (count > PAGE_SIZE)
		return -E2BIG;
	text = kmalloc(count ?: 1, GFP_KERNEL);
	if (!text)
		return -ENOMEM;
	ret = copy_from_user(text, from, count)
		      ? -EFAULT
		      : tcm_loop_faults_store(m->private, text, count);
	kfree(text);
	return ret ? ret : count;
}

static const struct file_operations tcm_loop_fault_file = {
	.owner = THIS_MODULE,
	.open = tcm_loop_fault_file_open,
	.read = seq_read,
	.write = tcm_loop_fault_file_write,
	.llseek = seq_lseek,
	.release = tcm_loop_fault_file_release,
};

/**
 * tcm_loop_faults_add - a LUN can have rules from now on
 * @lun: the LUN, linked
 *
 * May sleep.
 */
void tcm_loop_faults_add(struct tcm_loop_lun *lun)
{
	char name[sizeof("4294967295:0:65535:65535")];
	struct dentry *dir, *file = NULL;

	snprintf(name, sizeof(name), "%u:0:%u:%llu",
		 lun->tpg->host->shost->host_no, lun->tpg->tpgt, lun->number);
	dir = IS_ERR_OR_NULL(tcm_loop_fault_root)
		      ? NULL
		      : debugfs_create_dir(name, tcm_loop_fault_root);
	if (!IS_ERR_OR_NULL(dir))
		file = debugfs_create_file("error", 0600, dir, lun,
					   &tcm_loop_fault_file);

	mutex_lock(&tcm_loop_fault_mutex);
	lun->fault_dir = dir;
	lun->fault_file = file;
	lun->takes_faults = true;
	mutex_unlock(&tcm_loop_fault_mutex);
}

/**
 * tcm_loop_faults_remove - a LUN has no rules any more, nor will it
 * @lun: the LUN, about to be unlinked
 *
 * Afterwards nothing of it is swallowed or delayed.  May sleep.
 */
void tcm_loop_faults_remove(struct tcm_loop_lun *lun)
{
	struct tcm_loop_fault clear = { .line = FAULT_LINE_CLEAR };
	LIST_HEAD(taken);

	mutex_lock(&tcm_loop_fault_mutex);
	lun->takes_faults = false;
	if (!IS_ERR_OR_NULL(lun->fault_file))
		lun->fault_file->d_inode->i_private = NULL;
	if (lun->faults)
		tcm_loop_faults_change(lun, &clear, &taken);
	mutex_unlock(&tcm_loop_fault_mutex);
	tcm_loop_faults_free_list(&taken);
	if (!IS_ERR_OR_NULL(lun->fault_dir))
		debugfs_remove_recursive(lun->fault_dir);
	tcm_loop_faults_flush(lun);
}

/**
 * tcm_loop_faults_init - make the directory in debugfs
 *
 * The module works without it.  May sleep.
 */
void tcm_loop_faults_init(void)
{
	tcm_loop_fault_root = debugfs_create_dir(KBUILD_MODNAME, NULL);
}

/**
 * tcm_loop_faults_exit - remove the directory, in which nothing is left
 *
 * May sleep.
 */
void tcm_loop_faults_exit(void)
{
	if (!IS_ERR_OR_NULL(tcm_loop_fault_root))
		debugfs_remove_recursive(tcm_loop_fault_root);
}
