// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults and delays for a LUN, on demand, see doc/faults.md.  Not built for a
 * kernel without debugfs.
 *
 * The rules live with the LUN, from its link to its unlinking, whatever becomes
 * of its disk.  Without rules, a command looks at one bit.
 *
 * What a fault swallows is not at the target: nobody has it but the LUN's list.
 * It leaves that list, under the lock, when its time-out gives it to the SCSI
 * layer's error handler, when the error handler wants it back, or when rules
 * are taken away, the LUN is unlinked or reset: then it is completed here, and
 * the SCSI layer sends it again.  What is delayed is on another list, until a
 * worker sends it: as for what the target has, its time-out begins anew.
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/debugfs.h>
#include <linux/err.h>
#include <linux/fs.h>
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/module.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/seq_file.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/string.h>
#include <linux/uaccess.h>
#include <linux/workqueue.h>
#include <scsi/scsi.h>
#include <target/target_core_backend.h>

#include "fault_rule.h"
#include "tcm_loop.h"
#include "tcm_loop_trace.h"

/* Every command looks at all of them. */
#define TCM_LOOP_MAX_FAULTS 64

/* How much of a bad field a message shows. */
#define SHOWN 32

/**
 * struct tcm_loop_fault - a rule of a LUN, or a line that was written
 * @node: in a list
 * @line: an enum fault_line
 * @rule: the rule
 */
struct tcm_loop_fault {
	struct list_head node;
	int line;
	struct fault_rule rule;
};

/**
 * struct tcm_loop_faults - the rules of a LUN, and what they hold back
 * @lock: protects all but @queue and @sending; may be taken in any context, the
 * innermost
 * @rcu: for freeing
 * @rules: of struct tcm_loop_fault
 * @count: how many
 * @swallowed: commands, by tcm_loop_cmd.caught.node
 * @delayed: likewise, in the order in which they are due
 * @work: sends what is due
 * @queue: where; constant
 * @sending: held while that is done
 * @sent: the command that is just being sent, or NULL
 * @passed: that has been through tcm_loop_fault_catch()
 */
struct tcm_loop_faults {
	spinlock_t lock;
	struct rcu_head rcu;
	struct list_head rules;
	unsigned int count;
	struct list_head swallowed;
	struct list_head delayed;
	struct delayed_work work;
	struct workqueue_struct *queue;
	struct mutex sending;
	struct scsi_cmnd *sent;
	bool passed;
};

/* NULL or an ERR_PTR: this kernel does without, or there was no memory. */
static struct dentry *tcm_loop_fault_root;

/* Whose rules are changed, and that its files and rules go. */
static DEFINE_MUTEX(tcm_loop_fault_mutex);

/*
 * What is caught
 */

static struct tcm_loop_cmd *tcm_loop_first_caught(struct list_head *list)
{
	return list_empty(list) ? NULL
				: list_entry(list->next, struct tcm_loop_cmd,
					     caught.node);
}

/* In the order of what is due.  The lock is held.  Is it the first one? */
static bool tcm_loop_fault_insert(struct tcm_loop_faults *faults,
				  struct tcm_loop_cmd *cmd)
{
	struct tcm_loop_cmd *before;

	list_for_each_entry_reverse(before, &faults->delayed, caught.node)
		if (!time_after(before->caught.due, cmd->caught.due))
			break;
	list_add(&cmd->caught.node, &before->caught.node);
	return faults->delayed.next == &cmd->caught.node;
}

/* Have the worker come when the first command is due.  The lock is held. */
static void tcm_loop_fault_arm(struct tcm_loop_faults *faults)
{
	struct tcm_loop_cmd *first = tcm_loop_first_caught(&faults->delayed);
	unsigned long now = jiffies;

	if (!first)
		return;
	cancel_delayed_work(&faults->work);
	queue_delayed_work(faults->queue, &faults->work,
			   time_after(first->caught.due, now)
				   ? first->caught.due - now
				   : 0);
}

static void tcm_loop_fault_work(struct work_struct *work)
{
	struct tcm_loop_faults *faults = container_of(
		to_delayed_work(work), struct tcm_loop_faults, work);
	struct tcm_loop_cmd *cmd;
	struct scsi_cmnd *sc;

	mutex_lock(&faults->sending);
	for (;;) {
		spin_lock_irq(&faults->lock);
		cmd = tcm_loop_first_caught(&faults->delayed);
		if (!cmd || time_after(cmd->caught.due, jiffies)) {
			tcm_loop_fault_arm(faults);
			spin_unlock_irq(&faults->lock);
			break;
		}
		list_del(&cmd->caught.node);
		sc = cmd->sc;
		faults->sent = sc;
		faults->passed = false;
		spin_unlock_irq(&faults->lock);

		if (tcm_loop_queuecommand(sc->device->host, sc))
			tcm_loop_end(sc, DID_REQUEUE << 16);

		spin_lock_irq(&faults->lock);
		faults->sent = NULL;
		spin_unlock_irq(&faults->lock);
	}
	mutex_unlock(&faults->sending);
}

/*
 * Complete what is on a list, of an opcode.  The SCSI layer tries again, once
 * the disk's other commands have ended.
 */
static void tcm_loop_fault_end(struct tcm_loop_faults *faults,
			       struct list_head *list, u8 opcode, int host_byte)
{
	struct tcm_loop_cmd *cmd, *next;
	unsigned long flags;
	LIST_HEAD(ended);

	/* The abort handler waits for whoever is in this section. */
	rcu_read_lock();
	spin_lock_irqsave(&faults->lock, flags);
	list_for_each_entry_safe(cmd, next, list, caught.node) {
		if (opcode != FAULT_ANY_OPCODE && opcode != cmd->sc->cmnd[0])
			continue;
		list_move_tail(&cmd->caught.node, &ended);
		WRITE_ONCE(cmd->state, TCM_LOOP_CMD_DONE);
	}
	spin_unlock_irqrestore(&faults->lock, flags);
	list_for_each_entry_safe(cmd, next, &ended, caught.node) {
		scsi_set_resid(cmd->sc, 0);
		tcm_loop_end(cmd->sc, host_byte << 16);
	}
	rcu_read_unlock();
}

/*
 * Which rule hits a command
 */

static bool tcm_loop_fault_chance(const struct fault_rule *rule)
{
	u32 number;

	if (!rule->percent)
		return true;
	get_random_bytes(&number, sizeof(number));
	return number % 100 < rule->percent;
}

/* A rule of a type that takes effect on a command now.  The lock is held. */
static const struct fault_rule *
tcm_loop_fault_hit(struct tcm_loop_faults *faults, enum fault_type type,
		   const u8 *cdb)
{
	struct tcm_loop_fault *fault;
	struct fault_rule *rule;

	list_for_each_entry(fault, &faults->rules, node) {
		rule = &fault->rule;
		if (rule->type != type || !rule->count ||
		    !fault_rule_is_for(rule, cdb))
			continue;
		if (rule->every && ++rule->seen % rule->every)
			continue;
		if (!tcm_loop_fault_chance(rule))
			continue;
		if (rule->count < 0)
			rule->count++;
		return rule;
	}
	return NULL;
}

/* Those that keep a command from the target, in the order of their effect. */
static const enum fault_type tcm_loop_catching[] = {
	FAULT_NO_ANSWER, FAULT_NOT_TAKEN, FAULT_STATUS,
	FAULT_ATTENTION, FAULT_DELAY,
};

/* Does the LUN's logical unit send sense data in descriptor format? */
static bool tcm_loop_fault_is_descriptor(struct tcm_loop_lun *lun)
{
	/* A LUN with rules is linked, and the link keeps the device. */
	struct se_device *dev = rcu_dereference_raw(lun->se_lun->lun_se_dev);

	/* As the target core's control mode page says in D_SENSE. */
	return dev && !lun->passthrough &&
	       dev->transport->get_blocks(dev) > U32_MAX;
}

static void tcm_loop_fault_answer(struct tcm_loop_lun *lun,
				  struct scsi_cmnd *sc,
				  const struct fault_rule *rule)
{
	if (rule->status == SAM_STAT_CHECK_CONDITION || rule->key ||
	    rule->asc || rule->ascq)
		fault_rule_sense(rule, sc->cmnd,
				 tcm_loop_fault_is_descriptor(lun),
				 sc->sense_buffer);
	/* No data was moved, whatever the sense data says. */
	scsi_set_resid(sc, scsi_bufflen(sc));
	tcm_loop_end(sc, rule->host << 16 | rule->status);
}

/**
 * tcm_loop_fault_catch - let rules have a command
 * @lun: its LUN
 * @sc: the command, in queuecommand, whose private area is initialised
 *
 * Any context.
 *
 * Return: -1 if it is to go to the target; else what queuecommand is to return.
 */
int tcm_loop_fault_catch(struct tcm_loop_lun *lun, struct scsi_cmnd *sc)
{
	struct tcm_loop_faults *faults = READ_ONCE(lun->faults);
	struct tcm_loop_cmd *own = scsi_cmd_priv(sc);
	const struct fault_rule *rule = NULL;
	struct fault_rule answer;
	unsigned long flags;
	unsigned int i;
	int ret = 0;

	BUILD_BUG_ON(SCSI_SENSE_BUFFERSIZE < FAULT_SENSE_SIZE);

	if (!faults)
		return -1;
	/* What an answer of ours may have left. */
	scsi_set_resid(sc, 0);
	spin_lock_irqsave(&faults->lock, flags);
	if (faults->sent == sc && !faults->passed)
		faults->passed = true;
	else
		for (i = 0; i < ARRAY_SIZE(tcm_loop_catching) && !rule; i++)
			rule = tcm_loop_fault_hit(faults, tcm_loop_catching[i],
						  sc->cmnd);
	if (!rule) {
		rule = tcm_loop_fault_hit(faults, FAULT_ANSWER_LOST, sc->cmnd);
		own->answer_lost = rule;
		if (rule)
			trace_tcm_loop_fault(sc, rule->type);
		spin_unlock_irqrestore(&faults->lock, flags);
		return -1;
	}
	trace_tcm_loop_fault(sc, rule->type);
	answer = *rule;
	switch (answer.type) {
	case FAULT_NO_ANSWER:
		list_add_tail(&own->caught.node, &faults->swallowed);
		WRITE_ONCE(own->state, TCM_LOOP_CMD_SWALLOWED);
		break;
	case FAULT_NOT_TAKEN:
		WRITE_ONCE(own->state, TCM_LOOP_CMD_DONE);
		ret = answer.value;
		break;
	case FAULT_DELAY:
		/* At least that long: this jiffy has begun. */
		own->caught.due = jiffies + msecs_to_jiffies(answer.value) + 1;
		WRITE_ONCE(own->state, TCM_LOOP_CMD_DELAYED);
		if (tcm_loop_fault_insert(faults, own))
			tcm_loop_fault_arm(faults);
		break;
	}
	spin_unlock_irqrestore(&faults->lock, flags);
	if (answer.type == FAULT_STATUS || answer.type == FAULT_ATTENTION)
		tcm_loop_fault_answer(lun, sc, &answer);
	return ret;
}

/**
 * tcm_loop_fault_lose - lose the answer to a command
 * @lun: its LUN
 * @sc: the command, which the target has released, and a rule has marked
 *
 * Any context.
 *
 * Return: true if so; false if the LUN has no rules any more.
 */
bool tcm_loop_fault_lose(struct tcm_loop_lun *lun, struct scsi_cmnd *sc)
{
	struct tcm_loop_faults *faults = lun->faults;
	struct tcm_loop_cmd *own = scsi_cmd_priv(sc);
	unsigned long flags;
	bool lose;

	spin_lock_irqsave(&faults->lock, flags);
	lose = lun->faulty;
	if (lose) {
		list_add_tail(&own->caught.node, &faults->swallowed);
		WRITE_ONCE(own->state, TCM_LOOP_CMD_SWALLOWED);
	}
	spin_unlock_irqrestore(&faults->lock, flags);
	return lose;
}

/**
 * tcm_loop_fault_timed_out - a command that is swallowed or delayed timed out
 * @sc: the command
 *
 * Any context.
 *
 * Return: what tcm_loop_timed_out() is to return: SCSI_EH_NOT_HANDLED for what
 * is swallowed, which from now on is the error handler's.
 */
enum scsi_timeout_action tcm_loop_fault_timed_out(struct scsi_cmnd *sc)
{
	enum scsi_timeout_action action = SCSI_EH_RESET_TIMER;
	struct tcm_loop_lun *lun = sc->device->hostdata;
	struct tcm_loop_cmd *own = scsi_cmd_priv(sc);
	struct tcm_loop_faults *faults = lun->faults;
	unsigned long flags;
	bool left = false;

	spin_lock_irqsave(&faults->lock, flags);
	switch (own->state) {
	case TCM_LOOP_CMD_SWALLOWED:
		list_del(&own->caught.node);
		WRITE_ONCE(own->state, TCM_LOOP_CMD_LOST);
		action = SCSI_EH_NOT_HANDLED;
		break;
	case TCM_LOOP_CMD_DELAYED:
		/* As if it were at the target, see query.c. */
		left = faults->sent != sc && tcm_loop_is_query(sc);
		if (left) {
			list_del(&own->caught.node);
			WRITE_ONCE(own->state, TCM_LOOP_CMD_DONE);
		}
		break;
	}
	spin_unlock_irqrestore(&faults->lock, flags);
	if (!left)
		return action;
	sc->result = DID_TRANSPORT_FAILFAST << 16;
	trace_tcm_loop_complete(sc);
	return tcm_loop_sc_end_timed_out(sc);
}

/**
 * tcm_loop_fault_withdraw - the error handler wants a command back
 * @sc: the command
 *
 * Afterwards it is not held back here, nor is it just being sent.  Only what
 * the error handler has sent itself is still here, and it does not wait for
 * that any more.  Sleeps.
 */
void tcm_loop_fault_withdraw(struct scsi_cmnd *sc)
{
	struct tcm_loop_lun *lun = sc->device->hostdata;
	struct tcm_loop_cmd *own = scsi_cmd_priv(sc);
	struct tcm_loop_faults *faults = READ_ONCE(lun->faults);
	bool again, ours;

	if (!faults)
		return;
	do {
		spin_lock_irq(&faults->lock);
		again = faults->sent == sc;
		ours = !again && (own->state == TCM_LOOP_CMD_SWALLOWED ||
				  own->state == TCM_LOOP_CMD_DELAYED);
		if (ours) {
			list_del(&own->caught.node);
			WRITE_ONCE(own->state, TCM_LOOP_CMD_DONE);
		}
		spin_unlock_irq(&faults->lock);
		if (ours)
			tcm_loop_end(sc, DID_ABORT << 16);
		if (again)
			schedule_timeout_idle(1);
	} while (again);
}

/**
 * tcm_loop_fault_fails - is an error handler to fail?
 * @sc: the command that it was called for
 * @type: FAULT_ABORT_FAILS or FAULT_RESET_FAILS
 *
 * Any context.
 *
 * Return: true if so.
 */
bool tcm_loop_fault_fails(struct scsi_cmnd *sc, enum fault_type type)
{
	struct tcm_loop_faults *faults = NULL;
	struct tcm_loop_lun *lun;
	unsigned long flags;
	bool fails = false;

	rcu_read_lock();
	lun = READ_ONCE(sc->device->hostdata);
	if (lun && READ_ONCE(lun->faulty))
		faults = READ_ONCE(lun->faults);
	if (faults) {
		spin_lock_irqsave(&faults->lock, flags);
		fails = tcm_loop_fault_hit(faults, type, sc->cmnd);
		spin_unlock_irqrestore(&faults->lock, flags);
	}
	rcu_read_unlock();
	return fails;
}

/**
 * tcm_loop_fault_reset - a logical unit was reset
 * @sdev: its disk
 *
 * What is swallowed or delayed is ended, as the target's commands are.  Any
 * context.
 */
void tcm_loop_fault_reset(struct scsi_device *sdev)
{
	struct tcm_loop_faults *faults = NULL;
	struct tcm_loop_lun *lun;

	rcu_read_lock();
	lun = READ_ONCE(sdev->hostdata);
	if (lun)
		faults = READ_ONCE(lun->faults);
	if (faults) {
		tcm_loop_fault_end(faults, &faults->swallowed, FAULT_ANY_OPCODE,
				   DID_RESET);
		tcm_loop_fault_end(faults, &faults->delayed, FAULT_ANY_OPCODE,
				   DID_RESET);
	}
	rcu_read_unlock();
}

/*
 * Lines that are written and read
 */

static void tcm_loop_faults_free_list(struct list_head *list)
{
	struct tcm_loop_fault *fault, *next;

	list_for_each_entry_safe(fault, next, list, node)
		kfree(fault);
}

/* Move the rules that a line takes away, or takes the place of, to a list. */
static bool tcm_loop_faults_take(struct tcm_loop_faults *faults,
				 const struct tcm_loop_fault *line,
				 struct list_head *taken)
{
	struct tcm_loop_fault *fault, *next;
	bool some = false, takes;

	list_for_each_entry_safe(fault, next, &faults->rules, node) {
		switch (line->line) {
		case FAULT_LINE_ADD:
			takes = fault_rule_same(&fault->rule, &line->rule);
			break;
		case FAULT_LINE_REMOVE:
			takes = fault->rule.type == line->rule.type &&
				fault->rule.opcode == line->rule.opcode;
			break;
		default:
			takes = true;
			break;
		}
		if (takes) {
			list_move_tail(&fault->node, taken);
			faults->count--;
			some = true;
		}
	}
	return some;
}

/* Without rules nothing is swallowed, and nothing waits. */
static void tcm_loop_faults_settle(struct tcm_loop_faults *faults)
{
	struct tcm_loop_cmd *cmd;

	tcm_loop_fault_end(faults, &faults->swallowed, FAULT_ANY_OPCODE,
			   DID_IMM_RETRY);
	spin_lock_irq(&faults->lock);
	list_for_each_entry(cmd, &faults->delayed, caught.node)
		cmd->caught.due = jiffies;
	tcm_loop_fault_arm(faults);
	spin_unlock_irq(&faults->lock);
}

/* The mutex is held. */
static int tcm_loop_faults_change(struct tcm_loop_lun *lun,
				  struct tcm_loop_fault *line,
				  struct list_head *taken)
{
	struct tcm_loop_faults *faults = lun->faults;
	int type = line->rule.type, ret = 0;
	bool some;

	spin_lock_irq(&faults->lock);
	some = tcm_loop_faults_take(faults, line, taken);
	if (line->line == FAULT_LINE_ADD) {
		if (faults->count < TCM_LOOP_MAX_FAULTS) {
			list_move_tail(&line->node, &faults->rules);
			faults->count++;
		} else {
			ret = -ENOSPC;
		}
	}
	WRITE_ONCE(lun->faulty, faults->count);
	spin_unlock_irq(&faults->lock);

	if (!faults->count)
		tcm_loop_faults_settle(faults);
	else if (line->line == FAULT_LINE_REMOVE &&
		 (type == FAULT_NO_ANSWER || type == FAULT_ANSWER_LOST))
		tcm_loop_fault_end(faults, &faults->swallowed,
				   line->rule.opcode, DID_IMM_RETRY);
	if (ret)
		tcm_loop_limited(
			pr_err,
			"%s tpgt_%u lun_%llu: has %u fault rules, and takes no more\n",
			lun->tpg->host->name.text, lun->tpg->tpgt, lun->number,
			TCM_LOOP_MAX_FAULTS);
	if (line->line == FAULT_LINE_REMOVE && !some) {
		tcm_loop_limited(
			pr_err,
			"%s tpgt_%u lun_%llu: no fault rule of type %d and opcode 0x%x\n",
			lun->tpg->host->name.text, lun->tpg->tpgt, lun->number,
			type, line->rule.opcode);
		ret = -EINVAL;
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

static struct tcm_loop_faults *tcm_loop_faults_alloc(void)
{
	struct tcm_loop_faults *faults = kzalloc(sizeof(*faults), GFP_KERNEL);

	if (!faults)
		return NULL;
	spin_lock_init(&faults->lock);
	INIT_LIST_HEAD(&faults->rules);
	INIT_LIST_HEAD(&faults->swallowed);
	INIT_LIST_HEAD(&faults->delayed);
	INIT_DELAYED_WORK(&faults->work, tcm_loop_fault_work);
	mutex_init(&faults->sending);
	return faults;
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
			faults->queue = lun->tpg->host->submit_queue;
			/* Initialised before it is seen. */
			smp_store_release(&lun->faults, faults);
			faults = NULL;
		}
		list_for_each_entry_safe(line, next, &lines, node) {
			if (line->line == FAULT_LINE_EMPTY)
				continue;
			ret = tcm_loop_faults_change(lun, line, &taken);
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

/* Copies the rules, as they are now: how many there are. */
static unsigned int tcm_loop_faults_copy(struct tcm_loop_lun *lun,
					 struct fault_rule *rules)
{
	struct tcm_loop_faults *faults = READ_ONCE(lun->faults);
	struct tcm_loop_fault *fault;
	unsigned int count = 0;

	if (!faults)
		return 0;
	spin_lock_irq(&faults->lock);
	list_for_each_entry(fault, &faults->rules, node)
		rules[count++] = fault->rule;
	spin_unlock_irq(&faults->lock);
	return count;
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
	if (lun->faults)
		flush_delayed_work(&lun->faults->work);
}

/**
 * tcm_loop_faults_free - free what a LUN had for its rules
 * @lun: the LUN, with its last reference
 *
 * Any context.
 */
void tcm_loop_faults_free(struct tcm_loop_lun *lun)
{
	if (lun->faults)
		kfree_rcu(lun->faults, rcu);
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
