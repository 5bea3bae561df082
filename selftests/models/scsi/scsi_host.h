/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux 3.8, see ../target/target_core_base.h. */
#if MODEL >= 401
#include_next <scsi/scsi_host.h>
#else
#ifndef MODEL_SCSI_HOST_H
#define MODEL_SCSI_HOST_H

#include <linux/blkdev.h>
#include <linux/blk-mq.h>
#include <linux/device.h>

struct Scsi_Host;
struct scsi_cmnd;
struct scsi_device;
struct scsi_transport_template;

#define SCSI_QDEPTH_QFULL 1
#define SG_ALL 128

struct scsi_host_template {
	struct module *module;
	const char *name;
	const char *proc_name;
	int (*queuecommand)(struct Scsi_Host *, struct scsi_cmnd *);
	int (*eh_abort_handler)(struct scsi_cmnd *);
	int (*eh_device_reset_handler)(struct scsi_cmnd *);
	int (*eh_target_reset_handler)(struct scsi_cmnd *);
	int (*eh_host_reset_handler)(struct scsi_cmnd *);
	enum blk_eh_timer_return (*eh_timed_out)(struct scsi_cmnd *);
	int (*slave_alloc)(struct scsi_device *);
	void (*slave_destroy)(struct scsi_device *);
	int (*change_queue_depth)(struct scsi_device *, int, int);
	int can_queue;
	int this_id;
	unsigned short sg_tablesize;
	unsigned short max_sectors;
	unsigned long dma_boundary;
	unsigned skip_settle_delay : 1;
};

struct task_struct;

struct Scsi_Host {
	struct task_struct *ehandler;
	struct completion *eh_action;
	struct mutex scan_mutex;
	unsigned int host_no;
	unsigned int max_id;
	unsigned int max_lun;
	unsigned int max_channel;
	unsigned short max_cmd_len;
	int can_queue;
	short cmd_per_lun;
	struct scsi_transport_template *transportt;
	struct device shost_gendev;
	unsigned long hostdata[];
};

enum scsi_host_prot_capabilities {
	SHOST_DIF_TYPE1_PROTECTION = 0x01,
	SHOST_DIF_TYPE2_PROTECTION = 0x02,
	SHOST_DIF_TYPE3_PROTECTION = 0x04,
	SHOST_DIX_TYPE1_PROTECTION = 0x10,
	SHOST_DIX_TYPE2_PROTECTION = 0x20,
	SHOST_DIX_TYPE3_PROTECTION = 0x40,
};

enum scsi_host_guard_type {
	SHOST_DIX_GUARD_CRC = 1,
};

static inline void *shost_priv(struct Scsi_Host *shost)
{
	return shost->hostdata;
}

#define shost_printk(level, shost, format, ...)                                \
	dev_printk(level, &(shost)->shost_gendev, format, ##__VA_ARGS__)

struct Scsi_Host *scsi_host_alloc(struct scsi_host_template *template,
				  int size);
int scsi_add_host(struct Scsi_Host *shost, struct device *parent);
void scsi_remove_host(struct Scsi_Host *shost);
void scsi_rescan_device(struct device *dev);
void scsi_host_put(struct Scsi_Host *shost);
struct Scsi_Host *scsi_host_lookup(unsigned short number);
void scsi_host_set_prot(struct Scsi_Host *shost, unsigned int mask);
void scsi_host_set_guard(struct Scsi_Host *shost, unsigned char type);

#endif /* MODEL_SCSI_HOST_H */
#endif
