/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * tcm_loop: the objects of the loopback fabric, and who may touch them.
 *
 * An adapter (struct tcm_loop_host) is one configfs directory
 * loopback/$WWN: a SCSI target device, and the Scsi_Host through which the
 * local machine reaches it.  It holds TPGs (struct tcm_loop_tpg), each of
 * which is a SCSI target port, seen at target ID = tpgt.  A TPG has at most
 * one I_T nexus, which is an LIO session.
 *
 * Lifetimes
 *
 *   adapter   made by mkdir $WWN, unregistered by rmdir.  It is the parent
 *             device of its Scsi_Host, and that holds it: the memory goes in
 *             the device's release, after the last scsi_device is gone.
 *             The module's exit waits for the last release.
 *   TPG       made by mkdir tpgt_N.  Reference-counted: one reference for
 *             the directory, one for each struct tcm_loop_lun, which a
 *             scsi_device of that target ID holds (sdev_init takes it,
 *             sdev_destroy returns it).  Freed after a grace period, so
 *             that an error handler that lost the race against sdev_destroy
 *             may still look at it under rcu_read_lock().
 *   nexus     made and dropped by writes to tpgt_N/nexus, dropped by rmdir
 *             tpgt_N.  tpg->session is an RCU pointer.  A reader enters an
 *             RCU section, reads it once, and hands it to target_init_cmd()
 *             or target_submit_tmr() before it leaves the section.  From
 *             there on the command holds a reference to the session.  Who
 *             drops the nexus clears the pointer, stops the session, which
 *             then gives no more references, waits for its commands and for
 *             a grace period, and only then frees it.
 *   LUN       the target core's.  Unlinking it removes it from the ACLs that
 *             are listed at that moment; an ACL that is being made or freed
 *             is not listed, but has an entry for it.  So a nexus is neither
 *             made nor dropped while the core unlinks a LUN of the TPG: from
 *             the moment when its disk is gone, set under nexus_lock, until
 *             it has no backstore.
 *             What this module knows of it (struct tcm_loop_lun) is made when
 *             it is linked.  Reference-counted: one reference for tpg->luns,
 *             where it stays until the core has unlinked it, one for its
 *             scsi_device, one for each struct tcm_loop_query.  Freed after
 *             a grace period, as a TPG is, to which it holds a reference.
 *   command   lives in the private area of its scsi_cmnd, from queuecommand
 *             to tcm_loop_release_cmd(), which alone completes the scsi_cmnd:
 *             what the target has is the target's, also past its time-out.
 *             But see query.c.
 *   TMR       allocated by the error handler.  Reference-counted: one
 *             reference for the handler, one for the target core, which
 *             tcm_loop_release_tmr() returns.
 *
 * Locks, outermost first
 *
 *   tpg->nexus_lock   serialises making, dropping and showing the nexus
 *   shost->scan_mutex (the SCSI layer's)
 *   tcm_loop_registrations
 *                     one command that registers an I_T nexus at a time, see
 *                     reservation.c
 *   host->lock        the list of TPGs, and of every TPG the LUNs
 *
 * Nothing calls into the SCSI layer's scan or removal with host->lock held:
 * those call sdev_init, which takes it.
 */
#ifndef TCM_LOOP_H
#define TCM_LOOP_H

#include <linux/completion.h>
#include <linux/device.h>
#include <linux/kref.h>
#include <linux/list.h>
#include <linux/mutex.h>
#include <linux/printk.h>
#include <linux/ratelimit.h>
#include <linux/rcupdate.h>
#include <linux/scatterlist.h>
#include <linux/spinlock.h>
#include <linux/types.h>
#include <linux/workqueue.h>
#include <scsi/scsi_cmnd.h>
#include <scsi/scsi_device.h>
#include <scsi/scsi_host.h>
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

#include "fault_rule.h"
#include "protocol_id.h"
#include "tcm_loop_kernel.h"

/* tpgt_N is a 16-bit tag in the target core, and so are LUNs. */
#define TCM_LOOP_MAX_TPGT U16_MAX
#define TCM_LOOP_MAX_LUN U16_MAX

/**
 * enum tcm_loop_cmd_state - where a command is
 * @TCM_LOOP_CMD_DONE: the target has released it, or never had it
 * @TCM_LOOP_CMD_AT_TARGET: the target has it
 * @TCM_LOOP_CMD_LOST: it is done, and a time-out of the SCSI layer has found
 *	it so; if another does, the SCSI layer has lost the completion.  Or it
 *	was swallowed, and is the error handler's
 * @TCM_LOOP_CMD_SWALLOWED: a rule has it, and nobody will answer it, see
 *fault.c
 * @TCM_LOOP_CMD_DELAYED: a rule has it, or it is just being sent by its worker
 */
enum tcm_loop_cmd_state {
	TCM_LOOP_CMD_DONE,
	TCM_LOOP_CMD_AT_TARGET,
	TCM_LOOP_CMD_LOST,
	TCM_LOOP_CMD_SWALLOWED,
	TCM_LOOP_CMD_DELAYED,
};

/**
 * enum tcm_loop_way - which way a command goes to its backstore, see submit.c
 * @TCM_LOOP_WAY_CORE: as the target core decides
 * @TCM_LOOP_WAY_AT_ONCE: in the context of queuecommand
 * @TCM_LOOP_WAY_QUEUE: through the module's work queue
 */
enum tcm_loop_way {
	TCM_LOOP_WAY_CORE,
	TCM_LOOP_WAY_AT_ONCE,
	TCM_LOOP_WAY_QUEUE,
};

/**
 * struct tcm_loop_caught - a command that a rule has, see fault.c
 * @node: on one of the LUN's lists
 * @due: when it is to be sent, in jiffies
 */
struct tcm_loop_caught {
	struct list_head node;
	unsigned long due;
};

/**
 * struct tcm_loop_cmd - the private area of a scsi_cmnd
 * @se_cmd: the target core's view of the command; the first member, as compat
 *	wants it
 * @caught: in the private area, while @state is TCM_LOOP_CMD_SWALLOWED or
 *	TCM_LOOP_CMD_DELAYED: in its place
 * @sc: the SCSI layer's view of it (exchanged atomically); NULL when it lies
 *	apart and the SCSI layer has its own back
 * @query: in the private area: the target's part of the command, if that lies
 *	apart, see query.c; valid while @state is TCM_LOOP_CMD_AT_TARGET and for
 *	a grace period
 * @bounce: the data in whole pages, or NULL, see bounce.c
 * @bounce_count: how many segments @bounce has
 * @page_cdb: the CDB of an INQUIRY whose page is completed, with our allocation
 *	length, see vpd.c; else zeros
 * @state: an enum tcm_loop_cmd_state; written with WRITE_ONCE or a release
 * @result: the answer, as the SCSI layer has it
 * @residual: how many bytes less than asked for were moved, or more
 * @alone: whoever sends commands sends one after the other
 * @apart: it lies in a struct tcm_loop_query
 * @deferred: it counts in tcm_loop_lun.deferred
 * @answer_lost: in the private area: a rule says that its answer is lost
 */
struct tcm_loop_cmd {
	union {
		struct se_cmd se_cmd;
		struct tcm_loop_caught caught;
	};
	struct scsi_cmnd *sc;
	struct tcm_loop_cmd *query;
	struct scatterlist *bounce;
	unsigned int bounce_count;
	u8 page_cdb[6];
	int state;
	int result;
	u32 residual;
	bool alone;
	bool apart;
	bool deferred;
	bool answer_lost;
};

/**
 * struct tcm_loop_query - the target's part of a command that may come back
 * before the target has answered, see query.c
 * @cmd: the part; the first member, as compat wants it
 * @lun: the LUN, referenced
 * @rcu: for freeing
 * @work: for sending what the SCSI layer does not know of
 * @write_back: tcm_loop_write_back() has sent it
 * @cdb: the CDB
 * @sense: where the target puts sense data
 */
struct tcm_loop_query {
	struct tcm_loop_cmd cmd;
	struct tcm_loop_lun *lun;
	struct rcu_head rcu;
	struct work_struct work;
	bool write_back;
	u8 cdb[16];
	u8 sense[SCSI_SENSE_BUFFERSIZE];
};

static inline struct tcm_loop_query *to_tcm_loop_query(struct tcm_loop_cmd *cmd)
{
	return container_of(cmd, struct tcm_loop_query, cmd);
}

/* The CDB, as long as the target has the command. */
static inline const u8 *tcm_loop_cmd_cdb(struct tcm_loop_cmd *cmd)
{
	return cmd->apart ? to_tcm_loop_query(cmd)->cdb : cmd->sc->cmnd;
}

/*
 * There is no answer: another function aborted this one.  Not of enum
 * tcm_tmrsp_table.
 */
#define TCM_LOOP_TMR_ABORTED 256

/**
 * struct tcm_loop_tmr - one task management function
 * @se_cmd: the target core's view; the first member, as compat wants it
 * @ref: see the lifetimes above
 * @done: completed when the target core has released the function
 * @response: the target's answer, or TCM_LOOP_TMR_ABORTED; constant after @done
 */
struct tcm_loop_tmr {
	struct se_cmd se_cmd;
	struct kref ref;
	struct completion done;
	u16 response;
};

/* Of a command: what the host takes, in units of 512 bytes. */
#define TCM_LOOP_MAX_SECTORS 0xffffU

/**
 * struct tcm_loop_limits - what a LUN's backstore takes, where that is limited
 * @max_sectors: how many sectors of 512 bytes a command may have, over pscsi,
 *	see pscsi.c; else 0
 * @max_segments: how many segments, none longer than a page; likewise
 * @dma_alignment: a mask for where segments begin and end
 * @max_blocks: how many logical blocks a command may have, over iblock, see
 *	iblock.c; else 0, for what the target core says
 * @not_optimal: what the target core says to be the optimal number of blocks
 *	without a reason; or 0
 * @physical_exponent: how many blocks are one of the device below, over iblock,
 *	as a power of two
 */
struct tcm_loop_limits {
	unsigned int max_sectors;
	unsigned short max_segments;
	unsigned int dma_alignment;
	u32 max_blocks;
	u32 not_optimal;
	u8 physical_exponent;
};

/* The maximum of a command is not the optimum. */
static inline void
tcm_loop_limits_set_not_optimal(struct tcm_loop_limits *limits,
				const struct se_dev_attrib *attrib)
{
	if (attrib->optimal_sectors == attrib->hw_max_sectors)
		limits->not_optimal = attrib->optimal_sectors;
}

/**
 * enum tcm_loop_lun_state - what a LUN is
 * @TCM_LOOP_LUN_UNLINKED: LUN 0, which has no backstore
 * @TCM_LOOP_LUN_LINKED: it has a disk when there is a nexus
 * @TCM_LOOP_LUN_DISKLESS: linked, but its number cannot have a disk, or
 *	another directory has the number
 * @TCM_LOOP_LUN_LEAVING: its disk is being removed
 * @TCM_LOOP_LUN_LEFT: the target core unlinks it, or has
 */
enum tcm_loop_lun_state {
	TCM_LOOP_LUN_UNLINKED,
	TCM_LOOP_LUN_LINKED,
	TCM_LOOP_LUN_DISKLESS,
	TCM_LOOP_LUN_LEAVING,
	TCM_LOOP_LUN_LEFT,
};

/**
 * enum tcm_loop_cache - what is known of a write cache, see suspend.c
 * @TCM_LOOP_CACHE_UNKNOWN: nothing
 * @TCM_LOOP_CACHE_BEING_WRITTEN: it is being written back, and nothing came to
 *	it since through this LUN
 * @TCM_LOOP_CACHE_CLEAN: it was written back, likewise
 */
enum tcm_loop_cache {
	TCM_LOOP_CACHE_UNKNOWN,
	TCM_LOOP_CACHE_BEING_WRITTEN,
	TCM_LOOP_CACHE_CLEAN,
};

/* An NAA IEEE Registered Extended identifier: SPC-4 r37, 7.8.6.6.5 */
#define TCM_LOOP_NAA_SIZE 16

/**
 * struct tcm_loop_lun - a LUN of a TPG, from its link on
 * @node: on tpg->luns, in the order of numbers
 * @ref: see the lifetimes above
 * @rcu: for freeing
 * @tpg: the TPG, referenced; constant
 * @se_lun: the target core's LUN, whose configfs item is held, or NULL;
 *	constant
 * @number: its number; constant
 * @state: host->lock; changed to TCM_LOOP_LUN_LEFT under nexus_lock, too
 * @limits: those of its backstore; constant
 * @naa: the NAA identifier that the target core gives its backstore; constant
 * @at_once: READ and WRITE may be executed in queuecommand, see submit.c;
 *	constant
 * @bio: its backstore submits bios; constant
 * @passthrough: its backstore gets commands as they are; constant
 * @write_protected: see protect.c; constant
 * @silent: a command has come back without an answer, and none was answered
 *	since; written with WRITE_ONCE
 * @faulty: it has rules, see fault.c; written with WRITE_ONCE, under the lock
 *of
 *	@faults
 * @takes_faults: it can have rules (tcm_loop_fault_mutex)
 * @cache: an enum tcm_loop_cache; changed atomically, as far as it becomes more
 *	than unknown
 * @faults: the rules, or NULL if it never had one; set once
 * @fault_dir: the LUN's directory in debugfs, NULL or an ERR_PTR
 * @fault_file: the file in it, likewise
 * @left: how many commands that have come back so the target still has
 * @left_since: since when, in jiffies
 * @dev: its backstore, or NULL, also if that is a device of pscsi's; constant,
 *	and kept as long as there is a disk
 * @last_block: the last block that the disk has, see capacity.c; changed by
 *	@capacity_work, and when a disk is added
 * @told_block: likewise, of the disk that programs know (@capacity_lock)
 * @capacity_lock: may be taken in any context
 * @capacity_due: the next command has the size compared; changed atomically
 * @rescanning: the disk is being scanned again; written with WRITE_ONCE
 * @capacity_work: compares the size
 * @deferred: how many commands have gone at once, and may have their bio on a
 *	task's list, see submit.c
 */
struct tcm_loop_lun {
	struct list_head node;
	struct kref ref;
	struct rcu_head rcu;
	struct tcm_loop_tpg *tpg;
	struct se_lun *se_lun;
	u64 number;
	enum tcm_loop_lun_state state;
	struct tcm_loop_limits limits;
	u8 naa[TCM_LOOP_NAA_SIZE];
	bool at_once;
	bool bio;
	bool passthrough;
	bool write_protected;
	bool silent;
	bool faulty;
	bool takes_faults;
	int cache;
	atomic_t left;
	unsigned long left_since;
	struct tcm_loop_faults *faults;
	struct dentry *fault_dir;
	struct dentry *fault_file;
	struct se_device *dev;
	u64 last_block;
	u64 told_block;
	spinlock_t capacity_lock;
	int capacity_due;
	bool rescanning;
	struct delayed_work capacity_work;
	atomic_t deferred ____cacheline_aligned_in_smp;
};

/**
 * struct tcm_loop_host - an adapter: one WWN directory and its Scsi_Host
 * @dev: /sys/devices/tcm_loop_0/tcm_loop_adapter_N; owns the memory
 * @shost: its SCSI host; constant from mkdir to the device's release
 * @proc: its file in /proc, or NULL; constant, likewise
 * @wwn: the target core's object for the directory
 * @name: the target's name and protocol; constant
 * @lock: protects @tpgs, and the LUNs of each TPG
 * @tpgs: the TPGs, by tcm_loop_tpg.node
 * @held_work: tells of commands that are past their time-out
 * @held_next: when it may tell the next time, in jiffies
 * @submit_queue: where its commands are submitted that may sleep; constant
 */
struct tcm_loop_host {
	struct device dev;
	struct Scsi_Host *shost;
	struct proc_dir_entry *proc;
	struct se_wwn wwn;
	struct protocol_name name;
	struct mutex lock;
	struct list_head tpgs;
	struct delayed_work held_work;
	unsigned long held_next;
	struct workqueue_struct *submit_queue;
};

/**
 * struct tcm_loop_tpg - a target portal group: one target port
 * @se_tpg: the target core's object for the directory
 * @host: the adapter; constant
 * @node: on host->tpgs (host->lock)
 * @ref: see the lifetimes above
 * @rcu: for freeing
 * @tpgt: the tag, which is also the SCSI target ID; constant
 * @online: false while transport_status is offline; written with WRITE_ONCE
 * @outages: how often it went offline; written with WRITE_ONCE
 * @complete_device_id: tpgt_N/complete_device_id; written with WRITE_ONCE
 * @fabric_prot_type: attrib/fabric_prot_type; used when a nexus is made
 * @alone_series: how many of the last commands were alone at their disk; not
 *	exact, and not counted above TCM_LOOP_ALONE_SERIES
 * @rtpi: its relative target port identifier, unless the user writes another;
 *	0 when all are taken; constant
 * @nexus_lock: serialises making, dropping and showing @session, and who of
 *	@luns has lost its disk
 * @session: the I_T nexus, NULL without one; RCU, changed under @nexus_lock
 * @initiator: the session's initiator port; constant while there is a session,
 *	changed under @nexus_lock
 * @luns: the LUNs, by tcm_loop_lun.node (host->lock; or read in an RCU section)
 * @unlinks: how many LUNs the core has unlinked, where it says so (host->lock,
 *	written with WRITE_ONCE)
 * @unlinked: woken when @unlinks changes
 * @write_protect: tpgt_N/write_protect, a bit for each LUN number, or NULL
 *	(host->lock)
 */
struct tcm_loop_tpg {
	struct se_portal_group se_tpg;
	struct tcm_loop_host *host;
	struct list_head node;
	struct kref ref;
	struct rcu_head rcu;
	u16 tpgt;
	bool online;
	unsigned int outages;
	bool complete_device_id;
	enum target_prot_type fabric_prot_type;
	unsigned int alone_series;
	u16 rtpi;
	struct mutex nexus_lock;
	struct se_session __rcu *session;
	struct protocol_name initiator;
	struct list_head luns;
	unsigned int unlinks;
	wait_queue_head_t unlinked;
	unsigned long *write_protect;
};

static inline struct tcm_loop_host *to_tcm_loop_host(struct se_wwn *wwn)
{
	return container_of(wwn, struct tcm_loop_host, wwn);
}

static inline struct tcm_loop_tpg *
to_tcm_loop_tpg(struct se_portal_group *se_tpg)
{
	return container_of(se_tpg, struct tcm_loop_tpg, se_tpg);
}

static inline struct tcm_loop_cmd *to_tcm_loop_cmd(struct se_cmd *se_cmd)
{
	return container_of(se_cmd, struct tcm_loop_cmd, se_cmd);
}

static inline struct tcm_loop_host *shost_to_tcm_loop(struct Scsi_Host *shost)
{
	return *(struct tcm_loop_host **)shost_priv(shost);
}

/* module.c: the log */
extern struct ratelimit_state tcm_loop_messages;

/* print is pr_err or the like.  What users can cause as often as they like. */
#define tcm_loop_limited(print, ...)                                           \
	do {                                                                   \
		if (__ratelimit(&tcm_loop_messages))                           \
			print(__VA_ARGS__);                                    \
	} while (0)

/* module.c: parameters, read when an adapter is made */
extern unsigned int tcm_loop_nr_hw_queues;
extern unsigned int tcm_loop_can_queue;
extern unsigned int tcm_loop_cmd_per_lun;

/* module.c: a parameter, read when a name is */
extern bool tcm_loop_strict_names;

/* bus.c */
int tcm_loop_bus_register(void);
void tcm_loop_bus_unregister(void);
int tcm_loop_bus_add(struct tcm_loop_host *host);
int tcm_loop_bus_for_each(int (*function)(struct tcm_loop_host *host,
					  void *data),
			  void *data);

/* suspend.c */
int tcm_loop_suspend_init(void);
void tcm_loop_suspend_exit(void);

/* host.c */
struct tcm_loop_host *tcm_loop_host_create(const struct protocol_name *name);
void tcm_loop_host_destroy(struct tcm_loop_host *host);
struct tcm_loop_tpg *tcm_loop_tpg_create(struct tcm_loop_host *host, u16 tpgt);
int tcm_loop_tpg_add(struct tcm_loop_tpg *tpg);
void tcm_loop_tpg_remove(struct tcm_loop_tpg *tpg);
void tcm_loop_tpg_put(struct tcm_loop_tpg *tpg);

/* lun.c */
struct tcm_loop_lun *tcm_loop_lun_find(struct tcm_loop_tpg *tpg, u64 number);
struct tcm_loop_lun *tcm_loop_lun_get(struct tcm_loop_tpg *tpg, u64 number);
void tcm_loop_lun_put(struct tcm_loop_lun *lun);
void tcm_loop_lun_link(struct tcm_loop_tpg *tpg, struct se_lun *se_lun);
void tcm_loop_lun_unlink(struct tcm_loop_tpg *tpg, struct se_lun *se_lun);
bool tcm_loop_luns_leave(struct tcm_loop_tpg *tpg, const struct se_lun *back);
void tcm_loop_luns_wait(struct tcm_loop_tpg *tpg);
void tcm_loop_luns_unlinked(struct tcm_loop_tpg *tpg);
void tcm_loop_lun_scan_all(struct tcm_loop_tpg *tpg);
unsigned int tcm_loop_lun_count(struct tcm_loop_tpg *tpg);
unsigned int tcm_loop_lun_twins(struct tcm_loop_tpg *tpg);

/* held.c */
void tcm_loop_held_init(struct tcm_loop_host *host);
void tcm_loop_held_exit(struct tcm_loop_host *host);
bool tcm_loop_held_print(struct tcm_loop_host *host);
void tcm_loop_held_tell(struct tcm_loop_host *host);
void tcm_loop_held_wait(struct tcm_loop_lun *lun);
ssize_t tcm_loop_held_show(struct tcm_loop_tpg *tpg, char *page, size_t size);

/* proc.c */
void tcm_loop_proc_add(struct tcm_loop_host *host);
void tcm_loop_proc_remove(struct tcm_loop_host *host);
void tcm_loop_proc_init(void);
void tcm_loop_proc_exit(void);

/* nexus.c */
int tcm_loop_nexus_make(struct tcm_loop_tpg *tpg,
			const struct protocol_name *initiator);
int tcm_loop_nexus_drop(struct tcm_loop_tpg *tpg);
ssize_t tcm_loop_nexus_show(struct tcm_loop_tpg *tpg, char *page, size_t size);
void tcm_loop_nexus_loss(struct tcm_loop_tpg *tpg);

/* command.c */
extern bool tcm_loop_copied;
enum scsi_qc_status tcm_loop_queuecommand(struct Scsi_Host *shost,
					  struct scsi_cmnd *sc);
enum scsi_timeout_action tcm_loop_timed_out(struct scsi_cmnd *sc);
bool tcm_loop_cmd_at_target(struct scsi_cmnd *sc);
void tcm_loop_end(struct scsi_cmnd *sc, int result);
void tcm_loop_release_cmd(struct se_cmd *se_cmd);
int tcm_loop_write_pending(struct se_cmd *se_cmd);
int tcm_loop_queue_response(struct se_cmd *se_cmd);

void tcm_loop_complete(struct tcm_loop_cmd *cmd, struct scsi_cmnd *sc);

/* query.c */
bool tcm_loop_is_of_handler(struct Scsi_Host *shost);
bool tcm_loop_is_query(struct scsi_cmnd *sc);
bool tcm_loop_query_waits(const struct scsi_cmnd *sc);
bool tcm_loop_is_flush(const struct scsi_cmnd *sc);
void tcm_loop_write_back(struct tcm_loop_lun *lun);
struct tcm_loop_query *tcm_loop_query_begin(struct scsi_cmnd *sc);
void tcm_loop_query_end(struct tcm_loop_cmd *cmd);
bool tcm_loop_query_leave(struct scsi_cmnd *sc);
void tcm_loop_query_release(struct tcm_loop_cmd *cmd);

/* submit.c */
bool tcm_loop_is_read_or_write(const u8 *cdb);
void tcm_loop_submit_here(struct se_cmd *se_cmd);
void tcm_loop_submit(struct tcm_loop_cmd *cmd, struct scsi_cmnd *sc,
		     struct tcm_loop_lun *lun);
struct workqueue_struct *tcm_loop_submit_queue_make(void);

/* fault.c and fault_file.c, which are built where there is debugfs */
#ifdef CONFIG_DEBUG_FS
#define TCM_LOOP_HAS_FAULTS true
int tcm_loop_fault_catch(struct tcm_loop_lun *lun, struct scsi_cmnd *sc);
bool tcm_loop_fault_lose(struct tcm_loop_lun *lun, struct scsi_cmnd *sc);
enum scsi_timeout_action tcm_loop_fault_timed_out(struct scsi_cmnd *sc);
void tcm_loop_fault_withdraw(struct scsi_cmnd *sc);
bool tcm_loop_fault_fails(struct scsi_cmnd *sc, enum fault_type type);
void tcm_loop_fault_reset(struct scsi_device *sdev);
void tcm_loop_faults_free(struct tcm_loop_lun *lun);
int tcm_loop_faults_store(struct tcm_loop_lun *lun, const char *text,
			  size_t len);
ssize_t tcm_loop_faults_show(struct tcm_loop_tpg *tpg, char *page, size_t size);
void tcm_loop_faults_add(struct tcm_loop_lun *lun);
void tcm_loop_faults_remove(struct tcm_loop_lun *lun);
void tcm_loop_faults_init(void);
void tcm_loop_faults_exit(void);
#else
#define TCM_LOOP_HAS_FAULTS false
static inline int tcm_loop_fault_catch(struct tcm_loop_lun *lun,
				       struct scsi_cmnd *sc)
{
	return -1;
}

static inline bool tcm_loop_fault_lose(struct tcm_loop_lun *lun,
				       struct scsi_cmnd *sc)
{
	return false;
}

static inline enum scsi_timeout_action
tcm_loop_fault_timed_out(struct scsi_cmnd *sc)
{
	return SCSI_EH_RESET_TIMER;
}

static inline void tcm_loop_fault_withdraw(struct scsi_cmnd *sc)
{
}

static inline bool tcm_loop_fault_fails(struct scsi_cmnd *sc,
					enum fault_type type)
{
	return false;
}

static inline void tcm_loop_fault_reset(struct scsi_device *sdev)
{
}

static inline int tcm_loop_faults_store(struct tcm_loop_lun *lun,
					const char *text, size_t len)
{
	return -ENODEV;
}

static inline ssize_t tcm_loop_faults_show(struct tcm_loop_tpg *tpg, char *page,
					   size_t size)
{
	return 0;
}

static inline void tcm_loop_faults_add(struct tcm_loop_lun *lun)
{
}

static inline void tcm_loop_faults_remove(struct tcm_loop_lun *lun)
{
}

static inline void tcm_loop_faults_free(struct tcm_loop_lun *lun)
{
}

static inline void tcm_loop_faults_init(void)
{
}

static inline void tcm_loop_faults_exit(void)
{
}
#endif

/* reservation.c */
bool tcm_loop_must_be_late(const u8 *cdb);
int tcm_loop_execute_late(struct se_cmd *se_cmd);
int tcm_loop_reservation_init(void);
void tcm_loop_reservation_exit(void);
void tcm_loop_registrations_wait(void);

/* entry.c */
bool tcm_loop_session_has_luns(struct se_session *session, unsigned int but);
struct se_dev_entry *tcm_loop_entry_hold(struct se_lun *se_lun);
void tcm_loop_entry_settle(struct se_dev_entry *entry);

/* protect.c */
bool tcm_loop_is_protected(const struct tcm_loop_lun *lun,
			   const struct scsi_cmnd *sc);
void tcm_loop_protect(struct tcm_loop_lun *lun, struct se_device *dev);
bool tcm_loop_copies_to_protected(struct tcm_loop_tpg *tpg,
				  struct scatterlist *sgl, unsigned int count);
ssize_t tcm_loop_protect_show(struct tcm_loop_tpg *tpg, char *page);
int tcm_loop_protect_store(struct tcm_loop_tpg *tpg, const char *list);

/* capacity.c */
bool tcm_loop_capacity_look(struct tcm_loop_lun *lun, struct scsi_cmnd *sc);
void tcm_loop_capacity_begin(struct tcm_loop_lun *lun);
void tcm_loop_capacity_end(struct tcm_loop_lun *lun);
void tcm_loop_capacity_init_lun(struct tcm_loop_lun *lun);
int tcm_loop_capacity_init(void);
void tcm_loop_capacity_exit(void);

/* Is tcm_loop_capacity_look() to see a command? */
static inline bool tcm_loop_capacity_is_due(const struct tcm_loop_lun *lun,
					    struct scsi_cmnd *sc)
{
	return READ_ONCE(lun->capacity_due) || tcm_loop_sc_is_passthrough(sc);
}

/* warn.c */
void tcm_loop_lun_warn(struct tcm_loop_lun *lun, struct se_device *dev);

/* bounce.c */
int tcm_loop_bounce_begin(struct tcm_loop_cmd *cmd,
			  const struct tcm_loop_lun *lun);
void tcm_loop_bounce_deliver(struct tcm_loop_cmd *cmd, struct scsi_cmnd *sc);
void tcm_loop_bounce_free(struct tcm_loop_cmd *cmd);

/* vpd.c */
bool tcm_loop_vpd_begin(struct tcm_loop_cmd *cmd,
			const struct tcm_loop_lun *lun);
void tcm_loop_vpd_deliver(struct tcm_loop_cmd *cmd, struct scsi_cmnd *sc);

/* iblock.c */
void tcm_loop_iblock_limits(struct se_device *dev,
			    struct tcm_loop_limits *limits);

/* pscsi.c */
void tcm_loop_pscsi_limits(struct se_device *dev,
			   struct tcm_loop_limits *limits);
void tcm_loop_pscsi_limit(struct queue_limits *lim,
			  const struct tcm_loop_limits *limits);

/* tmr.c */
int tcm_loop_abort(struct scsi_cmnd *sc);
int tcm_loop_lun_reset(struct scsi_cmnd *sc);
int tcm_loop_target_reset(struct scsi_cmnd *sc);
int tcm_loop_host_reset(struct scsi_cmnd *sc);
void tcm_loop_release_tmr(struct se_cmd *se_cmd);
void tcm_loop_queue_tm_rsp(struct se_cmd *se_cmd);

/* configfs.c */
extern struct configfs_attribute *tcm_loop_wwn_attrs[];
extern struct configfs_attribute *tcm_loop_tpg_attrs[];
extern struct configfs_attribute *tcm_loop_tpg_attrib_attrs[];
struct se_wwn *tcm_loop_make_wwn(struct target_fabric_configfs *tf,
				 struct config_group *group, const char *name);
void tcm_loop_drop_wwn(struct se_wwn *wwn);
struct se_portal_group *tcm_loop_make_tpg(struct se_wwn *wwn, const char *name);
void tcm_loop_drop_tpg(struct se_portal_group *se_tpg);

/* fabric.c */
void tcm_loop_fabric_has_isid(struct tcm_loop_tpg *tpg, bool has_isid);
int tcm_loop_fabric_register(void);
void tcm_loop_fabric_unregister(void);

#endif /* TCM_LOOP_H */
