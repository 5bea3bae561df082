// SPDX-License-Identifier: GPL-2.0-only
/*
 * Commands that a backstore does not answer.
 *
 * What the target has stays there until the backstore answers, and only then is
 * completed, with the backstore's status.  Nothing else ends it: not its
 * time-out, which only begins anew, nor an ABORT TASK, which would lose the
 * status and end the command no sooner.  What is held longer than its disk's
 * time-out is told of, once a minute and in the TPG's attribute "held".
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/blkdev.h>
#include <linux/configfs.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/sched.h>

#include "tcm_loop.h"

#define TCM_LOOP_HELD_INTERVAL (60 * HZ)

/* An age: past the disk's time-out. */
#define TCM_LOOP_TIMED_OUT ULONG_MAX

struct tcm_loop_held {
	const struct tcm_loop_lun *lun;
	struct config_item *backstore; /* or NULL where nobody asks */
	unsigned long min_age;	       /* in jiffies, or TCM_LOOP_TIMED_OUT */
	unsigned int count;
	unsigned long oldest;
};

static bool tcm_loop_held_add(struct scsi_cmnd *sc, void *data)
{
	unsigned long age = jiffies - sc->jiffies_at_alloc;
	struct tcm_loop_held *held = data;

	/* Of what is not at the target the device may be gone, or not set yet.
	 */
	if (tcm_loop_cmd_at_target(sc) && sc->device->hostdata == held->lun &&
	    age >= (held->min_age == TCM_LOOP_TIMED_OUT
			    ? sc->device->request_queue->rq_timeout
			    : held->min_age)) {
		held->count++;
		held->oldest = max(held->oldest, age);
	}
	return true;
}

/* What the target has of a LUN for at least that time. */
static struct tcm_loop_held tcm_loop_held_of(const struct tcm_loop_lun *lun,
					     unsigned long min_age)
{
	struct tcm_loop_held held = { .lun = lun, .min_age = min_age };
	unsigned int left;

	scsi_host_busy_iter(lun->tpg->host->shost, tcm_loop_held_add, &held);
	left = atomic_read(&lun->left);
	if (left) {
		held.count += left;
		held.oldest =
			max(held.oldest, jiffies - READ_ONCE(lun->left_since));
	}
	return held;
}

/*
 * Does the LUN's backstore hold commands that are past the disk's time-out?  It
 * is not looked at when the target core may have unlinked it.  host->lock is
 * held.
 */
static bool tcm_loop_is_holding(const struct tcm_loop_lun *lun,
				struct tcm_loop_held *held)
{
	lockdep_assert_held(&lun->tpg->host->lock);
	if (lun->state == TCM_LOOP_LUN_LEFT)
		return false;
	*held = tcm_loop_held_of(lun, TCM_LOOP_TIMED_OUT);
	held->backstore =
		tcm_loop_dev_item(rcu_dereference_raw(lun->se_lun->lun_se_dev));
	return held->count;
}

/**
 * tcm_loop_held_print - a line in the log for each LUN with held commands
 * @host: the adapter
 *
 * May sleep.
 *
 * Return: whether there is one.
 */
bool tcm_loop_held_print(struct tcm_loop_host *host)
{
	struct tcm_loop_held held;
	struct tcm_loop_tpg *tpg;
	struct tcm_loop_lun *lun;
	bool some = false;

	mutex_lock(&host->lock);
	list_for_each_entry(tpg, &host->tpgs, node) {
		list_for_each_entry(lun, &tpg->luns, node) {
			if (!tcm_loop_is_holding(lun, &held))
				continue;
			some = true;
			tcm_loop_limited(
				pr_warn,
				"%s tpgt_%u lun_%llu: %s/%s holds %u commands, the oldest for %lu s\n",
				host->name.text, tpg->tpgt, lun->number,
				config_item_name(held.backstore->ci_parent),
				config_item_name(held.backstore), held.count,
				held.oldest / HZ);
		}
	}
	mutex_unlock(&host->lock);
	return some;
}

static void tcm_loop_held_work(struct work_struct *work)
{
	struct tcm_loop_host *host = container_of(
		to_delayed_work(work), struct tcm_loop_host, held_work);
	bool again = tcm_loop_held_print(host);

	WRITE_ONCE(host->held_next, jiffies + TCM_LOOP_HELD_INTERVAL);
	if (again)
		schedule_delayed_work(&host->held_work, TCM_LOOP_HELD_INTERVAL);
}

/**
 * tcm_loop_held_tell - tell of what an adapter's backstores hold
 * @host: the adapter, of which a command has timed out
 *
 * At once, if it is a minute ago that this was told, and then once a minute as
 * long as there is something to tell.  Any context.
 */
void tcm_loop_held_tell(struct tcm_loop_host *host)
{
	unsigned long delay = READ_ONCE(host->held_next) - jiffies;

	/* Past: more than the interval, however long ago it was. */
	schedule_delayed_work(&host->held_work,
			      delay <= TCM_LOOP_HELD_INTERVAL ? delay : 0);
}

/**
 * tcm_loop_held_wait - wait until the target answers what it has of a LUN
 * @lun: a LUN that is about to lose its disk
 *
 * Whoever removes a scsi_device waits for its commands with the host's
 * scan_mutex held, and stops all that find or remove another disk of the host.
 * What is sent meanwhile is not waited for.  May sleep.
 */
void tcm_loop_held_wait(struct tcm_loop_lun *lun)
{
	unsigned long start = jiffies, next = start + HZ;
	struct tcm_loop_held held;

	for (;;) {
		held = tcm_loop_held_of(lun, jiffies - start);
		if (!held.count)
			return;
		if (time_after(jiffies, next)) {
			tcm_loop_limited(
				pr_warn,
				"%s tpgt_%u lun_%llu: unlinking it waits for %u commands that the backstore holds, the oldest for %lu s\n",
				lun->tpg->host->name.text, lun->tpg->tpgt,
				lun->number, held.count, held.oldest / HZ);
			next = jiffies + TCM_LOOP_HELD_INTERVAL;
		}
		schedule_timeout_idle(HZ / 50 ?: 1);
	}
}

/**
 * tcm_loop_held_show - print which LUNs' backstores hold commands
 * @tpg: the TPG
 * @page: where to
 * @size: its size
 *
 * For each LUN with a command that is older than its disk's time-out a line of
 * the LUN, the backstore, how many such commands there are, and the age of the
 * oldest in seconds.  May sleep.
 *
 * Return: the length printed.
 */
ssize_t tcm_loop_held_show(struct tcm_loop_tpg *tpg, char *page, size_t size)
{
	struct tcm_loop_held held;
	struct tcm_loop_lun *lun;
	ssize_t len = 0;

	mutex_lock(&tpg->host->lock);
	list_for_each_entry(lun, &tpg->luns, node)
		if (tcm_loop_is_holding(lun, &held))
			len += scnprintf(
				page + len, size - len,
				"lun_%llu %s/%s %u %lu\n", lun->number,
				config_item_name(held.backstore->ci_parent),
				config_item_name(held.backstore), held.count,
				held.oldest / HZ);
	mutex_unlock(&tpg->host->lock);
	return len;
}

/**
 * tcm_loop_held_init - before an adapter has commands
 * @host: the adapter
 *
 * Any context.
 */
void tcm_loop_held_init(struct tcm_loop_host *host)
{
	INIT_DELAYED_WORK(&host->held_work, tcm_loop_held_work);
	host->held_next = jiffies;
}

/**
 * tcm_loop_held_exit - when an adapter has no more commands
 * @host: the adapter
 *
 * May sleep.
 */
void tcm_loop_held_exit(struct tcm_loop_host *host)
{
	cancel_delayed_work_sync(&host->held_work);
}
