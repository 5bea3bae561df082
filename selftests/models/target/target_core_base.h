/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * A model of the target core's API in Linux 2.6.39, 3.1, 3.2, 3.6, 3.8, 4.1 or
 * 4.4 (MODEL is 206, 301, 302, 306, 308, 401 or 404): the types and prototypes
 * that this module uses, and no more.  They
 * are compiled together with a newer kernel's other headers, so that each
 * branch of compat/ that no kernel at hand takes is compiled, see
 * vm/check-models.
 */
#ifndef MODEL_TARGET_CORE_BASE_H
#define MODEL_TARGET_CORE_BASE_H

#include <linux/configfs.h>
#include <linux/dma-direction.h>
#include <linux/scatterlist.h>
#include <linux/workqueue.h>

#define TRANSPORT_SENSE_BUFFER 96
#define TRANSPORT_IQN_LEN 224
#define PR_REG_ISID_LEN 16
#define TRANSPORT_TPG_TYPE_NORMAL 0

enum se_cmd_flags_table {
	SCF_TRANSPORT_TASK_SENSE = 0x02,
	SCF_EMULATED_TASK_SENSE = 0x04,
#if MODEL >= 306
	SCF_SCSI_TMR_CDB = 0x20,
#endif
#if MODEL <= 301
	SCF_SCSI_RESERVATION_CONFLICT = 0x200,
	SCF_SCSI_CDB_EXCEPTION = 0x10000,
#endif
#if MODEL <= 206
	SCF_PASSTHROUGH_SG_TO_MEM = 0x200000,
#endif
	SCF_OVERFLOW_BIT = 0x1000,
	SCF_UNDERFLOW_BIT = 0x2000,
};

#if MODEL >= 308
enum target_sc_flags_table {
	TARGET_SCF_ACK_KREF = 0x02,
};
#endif

enum tcm_tmreq_table {
	TMR_ABORT_TASK = 1,
	TMR_LUN_RESET = 5,
};

enum tcm_tmrsp_table {
	TMR_FUNCTION_COMPLETE = 0,
	TMR_TASK_DOES_NOT_EXIST = 1,
	TMR_LUN_DOES_NOT_EXIST = 2,
	TMR_FUNCTION_REJECTED = 5,
};

#if MODEL >= 401
#define TCM_SIMPLE_TAG 0x20

enum target_prot_op {
	TARGET_PROT_NORMAL = 0,
	TARGET_PROT_DIN_PASS = 4,
	TARGET_PROT_DOUT_PASS = 8,
};

enum target_prot_type {
	TARGET_DIF_TYPE0_PROT,
	TARGET_DIF_TYPE1_PROT,
	TARGET_DIF_TYPE2_PROT,
	TARGET_DIF_TYPE3_PROT,
};
#endif

struct se_device;

struct target_backend_ops {
	char name[16];
	sector_t (*get_blocks)(struct se_device *dev);
};

#define TRANSPORT_LUNFLAGS_READ_ONLY 0x02

struct t10_wwn {
	char unit_serial[254];
};

struct se_dev_attrib {
	int emulate_write_cache;
	u32 block_size;
	u32 hw_block_size;
	u32 hw_max_sectors;
	u32 optimal_sectors;
#if MODEL >= 401
	enum target_prot_type pi_prot_type;
#endif
#if MODEL >= 404
	int enforce_pr_isids;
#endif
};

#if MODEL < 308
struct se_subsystem_dev {
	struct t10_wwn t10_wwn;
	struct se_dev_attrib se_dev_attrib;
	struct config_group se_dev_group;
};
#endif

struct se_device {
#if MODEL < 308
	struct se_subsystem_dev *se_sub_dev;
#else
	struct t10_wwn t10_wwn;
	struct se_dev_attrib dev_attrib;
	struct config_group dev_group;
#endif
	struct target_backend_ops *transport;
	spinlock_t se_port_lock;
#if MODEL >= 404
	struct list_head dev_sep_list;
#endif
};

struct se_tmr_req {
	u8 response;
	u32 ref_task_tag;
	struct se_device *tmr_dev;
};

struct se_node_acl {
	char initiatorname[TRANSPORT_IQN_LEN];
#if MODEL >= 404
	bool dynamic_node_acl;
	struct hlist_head lun_entry_hlist;
	struct mutex lun_entry_mutex;
#endif
};

#if MODEL >= 404
struct se_dev_entry {
	struct kref pr_kref;
	struct completion pr_comp;
	struct list_head lun_link;
	struct hlist_node link;
};
#endif

struct t10_pr_registration {
	char pr_reg_isid[PR_REG_ISID_LEN];
	int isid_present_at_reg;
};

struct target_core_fabric_ops;

struct se_session {
	struct se_node_acl *se_node_acl;
	struct se_portal_group *se_tpg;
	void *fabric_sess_ptr;
};

struct se_cmd {
	u8 scsi_status;
#if MODEL >= 404
	u64 tag;
	u64 orig_fe_lun;
#else
	u32 orig_fe_lun;
#endif
	enum dma_data_direction data_direction;
	int sam_task_attr;
	u32 se_cmd_flags;
	u32 data_length;
	u32 residual_count;
	void *sense_buffer;
	struct se_device *se_dev;
	struct se_lun *se_lun;
	struct se_session *se_sess;
	struct se_tmr_req *se_tmr_req;
	u8 scsi_sense_reason;
	u32 se_ordered_id;
	struct target_core_fabric_ops *se_tfo;
#if MODEL >= 308
	unsigned char *t_task_cdb;
	struct work_struct work;
	struct scatterlist *t_data_sg;
	unsigned int t_data_nents;
	void *priv;
#endif
#if MODEL >= 401
	struct scatterlist *t_prot_sg;
	unsigned int t_prot_nents;
	bool prot_pto;
#endif
};

struct se_lun {
#if MODEL >= 404
	u64 unpacked_lun;
#else
	u32 unpacked_lun;
#endif
	struct se_device *lun_se_dev;
	struct config_group lun_group;
	u32 lun_access;
#if MODEL >= 404
	u16 lun_rtpi;
	struct list_head lun_deve_list;
	spinlock_t lun_deve_lock;
	struct se_portal_group *lun_tpg;
	struct list_head lun_dev_link;
	struct hlist_node link;
	struct rcu_head rcu_head;
#endif
};

struct se_portal_group {
#if MODEL >= 401
	const struct target_core_fabric_ops *se_tpg_tfo;
#else
	struct target_core_fabric_ops *se_tpg_tfo;
#endif
	struct config_group tpg_group;
	struct config_group tpg_attrib_group;
	void *se_tpg_fabric_ptr;
	struct se_wwn *se_tpg_wwn;
	struct se_lun tpg_virt_lun0;
#if MODEL >= 404
	struct mutex tpg_lun_mutex;
	struct hlist_head tpg_lun_hlist;
#else
	struct se_lun **tpg_lun_list;
#endif
};

struct se_wwn {
	struct config_group wwn_group;
	struct target_fabric_configfs *wwn_tf;
};

#if MODEL >= 404
static inline struct se_portal_group *to_tpg(struct config_item *item)
{
	return container_of(to_config_group(item), struct se_portal_group,
			    tpg_group);
}

static inline struct se_portal_group *attrib_to_tpg(struct config_item *item)
{
	return container_of(to_config_group(item), struct se_portal_group,
			    tpg_attrib_group);
}
#endif

#endif /* MODEL_TARGET_CORE_BASE_H */
