// SPDX-License-Identifier: GPL-2.0-only
/*
 * PERSISTENT RESERVE OUT, as far as the target core needs help with it.
 *
 * PREEMPT AND ABORT waits for the commands that it aborts.  A core that submits
 * commands in a work queue of its own (5.13) would wait for the very work that
 * executes this one, forever.
 *
 * REGISTER and REGISTER AND MOVE can name other I_T nexuses than their own.
 * The core counts who uses the entry that a node ACL has for a LUN, and waits
 * for them when the LUN is unlinked; and it miscounts:
 *
 *	REGISTER with SPEC_I_PT set that fails keeps a reference to the entry of
 *	its own nexus: unlinking the LUN never ends.  Older cores (5.10) follow
 *	a NULL pointer then.
 *
 *	REGISTER AND MOVE to a nexus that was not registered returns its
 *	reference to that nexus's entry twice: the entry can be freed in use.
 *
 * So these are executed one after the other, each while the entry that may be
 * miscounted has one more reference, of ours, and afterwards the count is what
 * it was.  Meanwhile no other command of this fabric counts, and a LUN is not
 * unlinked (tcm_loop_registrations_wait()).  And REGISTER with SPEC_I_PT set is
 * looked at before it is executed, so that it does not fail half-way.
 *
 * Kernel defects: preempt-and-abort, spec-i-pt, register-and-move
 */
#define pr_fmt(fmt) KBUILD_MODNAME ": " fmt

#include <linux/kernel.h>
#include <linux/rcupdate.h>
#include <linux/scatterlist.h>
#include <linux/semaphore.h>
#include <linux/slab.h>
#include <linux/string.h>
#include <linux/workqueue.h>
#include <scsi/scsi_proto.h>
#include <target/target_core_fabric.h>

#include "tcm_loop.h"

/* SPC-4 r37, 6.16.2: service actions of PERSISTENT RESERVE OUT */
#define REGISTER 0x00
#define PREEMPT_AND_ABORT 0x05
#define REGISTER_AND_IGNORE_EXISTING_KEY 0x06
#define REGISTER_AND_MOVE 0x07

/* SPC-4 r37, 6.16.3: the basic parameter list and, with SPEC_I_PT, the rest */
#define BASIC_FLAGS_OFFSET 20
#define SPEC_I_PT 0x08
#define TRANSPORT_IDS_LENGTH_OFFSET 24
#define TRANSPORT_IDS_OFFSET 28
/* More than any real list, so that nobody makes us allocate what he likes. */
#define PARAMETER_LIST_MAX 65536

/* SPC-4 r37, 6.16.4: RELATIVE TARGET PORT IDENTIFIER of REGISTER AND MOVE */
#define MOVE_RTPI_OFFSET 18

/*
 * Whose turn it is.  No mutex: who unlinks a LUN waits with the link's inode
 * locked, and the core locks that of configfs's root while it executes a
 * command.  These are of one class, and lockdep would take it for a deadlock.
 */
static struct semaphore tcm_loop_registrations =
	__SEMAPHORE_INITIALIZER(tcm_loop_registrations, 1);

static u8 service_action(const u8 *cdb)
{
	return cdb[1] & 0x1f;
}

static u32 be32(const u8 *bytes)
{
	return (u32)bytes[0] << 24 | bytes[1] << 16 | bytes[2] << 8 | bytes[3];
}

/**
 * tcm_loop_must_be_late - may a command not be executed where it is submitted?
 * @cdb: its CDB
 *
 * Any context.
 *
 * Return: true for PREEMPT AND ABORT, which waits for others, and for what
 * registers, which takes turns.
 */
bool tcm_loop_must_be_late(const u8 *cdb)
{
	if (cdb[0] != PERSISTENT_RESERVE_OUT)
		return false;
	switch (service_action(cdb)) {
	case REGISTER:
	case PREEMPT_AND_ABORT:
	case REGISTER_AND_IGNORE_EXISTING_KEY:
	case REGISTER_AND_MOVE:
		return true;
	}
	return false;
}

/* rcu_read_lock() is held. */
static bool tcm_loop_has_initiator(struct tcm_loop_tpg *tpg,
				   const struct protocol_name *name)
{
	struct se_session *session = rcu_dereference(tpg->session);

	return session &&
	       !strcmp(session->se_node_acl->initiatorname, name->text);
}

/*
 * Does the core find a nexus of this initiator port?  It compares a TransportID
 * with an ISID only with the first port of that protocol: doing so, it cuts the
 * ISID off.
 */
static bool tcm_loop_core_finds(struct se_device *dev,
				const struct protocol_name *name)
{
	struct tcm_loop_tpg *tpg;
	struct se_lun *lun;
	bool found = false;

	if (name->protocol != PROTOCOL_ID_ISCSI &&
	    !tcm_loop_core_parses_transport_ids())
		return false;
	rcu_read_lock();
	spin_lock(&dev->se_port_lock);
	list_for_each_entry(lun, &dev->dev_sep_list, lun_dev_link) {
		tpg = to_tcm_loop_tpg(lun->lun_tpg);
		if (tpg->host->name.protocol != name->protocol)
			continue;
		found = tcm_loop_has_initiator(tpg, name);
		if (found || name->isid[0])
			break;
	}
	spin_unlock(&dev->se_port_lock);
	rcu_read_unlock();
	return found;
}

/* Is a LUN of the fabric of which the command is? */
static bool tcm_loop_same_fabric(struct se_cmd *se_cmd, struct se_lun *lun)
{
	return lun->lun_tpg->se_tpg_wwn->wwn_tf ==
	       se_cmd->se_sess->se_tpg->se_tpg_wwn->wwn_tf;
}

/* Are all the device's ports, of which there is one, this fabric's? */
static bool tcm_loop_only_user(struct se_cmd *se_cmd)
{
	struct se_device *dev = se_cmd->se_dev;
	struct se_lun *lun;
	bool only = false;

	spin_lock(&dev->se_port_lock);
	list_for_each_entry(lun, &dev->dev_sep_list, lun_dev_link) {
		only = tcm_loop_same_fabric(se_cmd, lun);
		if (!only)
			break;
	}
	spin_unlock(&dev->se_port_lock);
	return only;
}

/* Kernel defects: transportid-isid, enforce-isids */
static bool tcm_loop_list_is_good(struct se_cmd *se_cmd, const u8 *list,
				  unsigned int len)
{
	struct tcm_loop_tpg *own = to_tcm_loop_tpg(se_cmd->se_sess->se_tpg);
	bool wants_isid = own->initiator.isid[0] &&
			  se_cmd->se_dev->dev_attrib.enforce_pr_isids;
	struct protocol_name name;
	unsigned int at;
	int ret;

	if (len < TRANSPORT_IDS_OFFSET ||
	    be32(list + TRANSPORT_IDS_LENGTH_OFFSET) !=
		    len - TRANSPORT_IDS_OFFSET)
		return false;
	for (at = TRANSPORT_IDS_OFFSET; at < len; at += ret) {
		ret = transport_id_parse(list + at, len - at, &name);
		if (ret < 0 || (wants_isid && !name.isid[0]) ||
		    !tcm_loop_core_finds(se_cmd->se_dev, &name))
			return false;
	}
	return true;
}

/*
 * Is a REGISTER one that would fail while the core goes through TransportIDs?
 * Those of other fabrics' ports are the core's affair.
 */
static bool tcm_loop_would_fail(struct se_cmd *se_cmd)
{
	struct tcm_loop_cmd *cmd = to_tcm_loop_cmd(se_cmd);
	struct scsi_cmnd *sc = cmd->sc;
	unsigned int len = min(scsi_bufflen(sc), se_cmd->data_length);
	bool fails;
	u8 *list;

	if (service_action(sc->cmnd) != REGISTER || len <= BASIC_FLAGS_OFFSET ||
	    !tcm_loop_only_user(se_cmd))
		return false;
	if (len > PARAMETER_LIST_MAX)
		return true;
	list = kmalloc(len, GFP_NOIO);
	if (!list)
		return false;
	sg_copy_to_buffer(cmd->bounce, cmd->bounce_count, list, len);
	fails = list[BASIC_FLAGS_OFFSET] & SPEC_I_PT &&
		!tcm_loop_list_is_good(se_cmd, list, len);
	kfree(list);
	return fails;
}

/*
 * The entry of the nexus to which a registration is to be moved, with a
 * reference of ours; NULL if that is not this fabric's, or leaves.
 */
static struct se_dev_entry *tcm_loop_hold_destination(struct se_cmd *se_cmd,
						      u16 rtpi)
{
	struct se_device *dev = se_cmd->se_dev;
	struct se_dev_entry *entry = NULL;
	struct tcm_loop_tpg *tpg = NULL;
	struct tcm_loop_host *host;
	struct se_lun *lun;

	/* While a LUN is on this list its TPG and adapter are there. */
	spin_lock(&dev->se_port_lock);
	list_for_each_entry(lun, &dev->dev_sep_list, lun_dev_link) {
		if (tcm_loop_se_lun_rtpi(lun) != rtpi ||
		    !tcm_loop_same_fabric(se_cmd, lun))
			continue;
		tpg = to_tcm_loop_tpg(lun->lun_tpg);
		kref_get(&tpg->ref);
		get_device(&tpg->host->dev);
		tcm_loop_se_lun_get(lun);
		break;
	}
	spin_unlock(&dev->se_port_lock);
	if (!tpg)
		return NULL;

	host = tpg->host;
	mutex_lock(&host->lock);
	if (tcm_loop_lun_find(tpg, lun->unpacked_lun))
		entry = tcm_loop_entry_hold(lun);
	mutex_unlock(&host->lock);
	tcm_loop_se_lun_put(lun);
	tcm_loop_tpg_put(tpg);
	put_device(&host->dev);
	return entry;
}

static struct se_dev_entry *tcm_loop_hold_entry(struct se_cmd *se_cmd)
{
	struct tcm_loop_cmd *cmd = to_tcm_loop_cmd(se_cmd);
	u8 list[MOVE_RTPI_OFFSET + 2];

	/* The nexus's own stays at least until the command has ended. */
	if (service_action(cmd->sc->cmnd) != REGISTER_AND_MOVE)
		return tcm_loop_entry_hold(se_cmd->se_lun);
	if (!cmd->bounce ||
	    sg_copy_to_buffer(cmd->bounce, cmd->bounce_count, list,
			      sizeof(list)) != sizeof(list))
		return NULL;
	return tcm_loop_hold_destination(se_cmd,
					 list[MOVE_RTPI_OFFSET] << 8 |
						 list[MOVE_RTPI_OFFSET + 1]);
}

static void tcm_loop_register(struct se_cmd *se_cmd)
{
	struct se_dev_entry *entry;

	down(&tcm_loop_registrations);
	entry = tcm_loop_hold_entry(se_cmd);
	/* With another service action the core refuses SPEC_I_PT at once. */
	if (tcm_loop_would_fail(se_cmd))
		se_cmd->t_task_cdb[1] = REGISTER_AND_IGNORE_EXISTING_KEY;
	target_execute_cmd(se_cmd);
	if (entry)
		tcm_loop_entry_settle(entry);
	up(&tcm_loop_registrations);
}

/**
 * tcm_loop_registrations_wait - wait for commands that register
 *
 * For a LUN that has lost its disk, and is linked no more as far as this module
 * is concerned: none uses its entry afterwards.  May sleep.
 */
void tcm_loop_registrations_wait(void)
{
	down(&tcm_loop_registrations);
	up(&tcm_loop_registrations);
}

/*
 * Of all adapters.  A command that registers takes the lock of configfs's root,
 * and an adapter goes with another lock of that class held, so that an
 * adapter's own queue must not run it: lockdep would take that for a deadlock.
 */
static struct workqueue_struct *tcm_loop_late_queue;

struct tcm_loop_late {
	struct work_struct work;
	struct se_cmd *se_cmd;
};

static void tcm_loop_execute_work(struct work_struct *work)
{
	struct tcm_loop_late *late =
		container_of(work, struct tcm_loop_late, work);
	struct se_cmd *se_cmd = late->se_cmd;
	struct scsi_cmnd *sc = to_tcm_loop_cmd(se_cmd)->sc;

	kfree(late);
	if (service_action(sc->cmnd) == PREEMPT_AND_ABORT)
		target_execute_cmd(se_cmd);
	else
		tcm_loop_register(se_cmd);
}

/**
 * tcm_loop_execute_late - execute a command whose data is there, in a while
 * @se_cmd: the command, of which tcm_loop_must_be_late() is true
 *
 * Any context.
 *
 * Return: 0, or -ENOMEM, after which the target core asks again.
 */
int tcm_loop_execute_late(struct se_cmd *se_cmd)
{
	struct tcm_loop_late *late = kmalloc(sizeof(*late), GFP_ATOMIC);

	if (!late)
		return -ENOMEM;
	INIT_WORK(&late->work, tcm_loop_execute_work);
	late->se_cmd = se_cmd;
	queue_work(tcm_loop_late_queue, &late->work);
	return 0;
}

/**
 * tcm_loop_reservation_init - make the work queue
 *
 * May sleep.
 *
 * Return: 0 or -ENOMEM.
 */
int tcm_loop_reservation_init(void)
{
	tcm_loop_late_queue =
		alloc_workqueue("tcm_loop_late", WQ_MEM_RECLAIM | WQ_PERCPU, 0);
	return tcm_loop_late_queue ? 0 : -ENOMEM;
}

/**
 * tcm_loop_reservation_exit - undo tcm_loop_reservation_init()
 *
 * May sleep.
 */
void tcm_loop_reservation_exit(void)
{
	destroy_workqueue(tcm_loop_late_queue);
}
