// SPDX-License-Identifier: GPL-2.0-only
/*
 * Faults and delays for a LUN, on demand, see doc/faults.md: which commands the
 * rules catch, and what becomes of these.  Not built for a kernel without
 * debugfs.
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
#include <linux/jiffies.h>
#include <linux/kernel.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/random.h>
#include <linux/rcupdate.h>
#include <linux/sched.h>
#include <linux/slab.h>
#include <linux/spinlock.h>
#include <linux/workqueue.h>
#include <scsi/scsi.h>
#include <target/target_core_backend.h>

#include "fault.h"
#include "tcm_loop.h"
#include "tcm_loop_trace.h"

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

/* The lock is held.  What queuecommand is to return. */
static int tcm_loop_fault_hold(struct tcm_loop_faults *faults,
			       struct tcm_loop_cmd *own,
			       const struct fault_rule *rule)
{
	switch (rule->type) {
	case FAULT_NO_ANSWER:
		list_add_tail(&own->caught.node, &faults->swallowed);
		WRITE_ONCE(own->state, TCM_LOOP_CMD_SWALLOWED);
		return 0;
	case FAULT_NOT_TAKEN:
		WRITE_ONCE(own->state, TCM_LOOP_CMD_DONE);
		return rule->value;
	case FAULT_DELAY:
		/* At least that long: this jiffy has begun. */
		own->caught.due = jiffies + msecs_to_jiffies(rule->value) + 1;
		WRITE_ONCE(own->state, TCM_LOOP_CMD_DELAYED);
		if (tcm_loop_fault_insert(faults, own))
			tcm_loop_fault_arm(faults);
		return 0;
	default:
		return 0;
	}
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
	int ret;

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
	ret = tcm_loop_fault_hold(faults, own, rule);
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
		left = faults->sent != sc && tcm_loop_is_query(sc) &&
		       !tcm_loop_query_waits(sc);
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
 * The set of a LUN's rules
 */

/**
 * tcm_loop_faults_alloc - make a set without rules
 *
 * May sleep.
 *
 * Return: the set, for kfree() or tcm_loop_faults_give(), or NULL.
 */
struct tcm_loop_faults *tcm_loop_faults_alloc(void)
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
 * tcm_loop_faults_give - give a set of rules to a LUN
 * @lun: the LUN, linked, without a set; one caller at a time
 * @faults: the set, the LUN's from now on
 *
 * Any context.
 */
void tcm_loop_faults_give(struct tcm_loop_lun *lun,
			  struct tcm_loop_faults *faults)
{
	faults->queue = lun->tpg->host->submit_queue;
	/* Initialised before it is seen. */
	smp_store_release(&lun->faults, faults);
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

/**
 * tcm_loop_faults_change - add a rule, or take rules away
 * @lun: whose, with a set; one caller at a time
 * @line: what is to be done; a rule that is added leaves the caller's list
 * @taken: gets the rules that are the set's no more
 *
 * Of a set without rules nothing is swallowed, and nothing waits.  May sleep.
 *
 * Return: 0; -ENOSPC if the LUN has too many rules; -ENOENT if there is no rule
 * to take away.
 */
int tcm_loop_faults_change(struct tcm_loop_lun *lun,
			   struct tcm_loop_fault *line, struct list_head *taken)
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
	if (line->line == FAULT_LINE_REMOVE && !some)
		ret = -ENOENT;
	return ret;
}

/**
 * tcm_loop_faults_copy - copy a LUN's rules, as they are now
 * @lun: the LUN, referenced
 * @rules: room for TCM_LOOP_MAX_FAULTS of them
 *
 * Process context.
 *
 * Return: how many there are.
 */
unsigned int tcm_loop_faults_copy(struct tcm_loop_lun *lun,
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

/**
 * tcm_loop_faults_flush - wait until what was delayed has been sent
 * @lun: the LUN, without rules
 *
 * Sleeps.
 */
void tcm_loop_faults_flush(struct tcm_loop_lun *lun)
{
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
