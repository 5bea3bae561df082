/* SPDX-License-Identifier: GPL-2.0-only */
/* See target_core_base.h. */
#ifndef MODEL_TARGET_CORE_FABRIC_OPS_H
#define MODEL_TARGET_CORE_FABRIC_OPS_H

struct target_fabric_configfs;

struct target_core_fabric_ops {
#if MODEL >= 401
	struct module *module;
	const char *name;
#endif
	char *(*get_fabric_name)(void);
	char *(*tpg_get_wwn)(struct se_portal_group *);
	u16 (*tpg_get_tag)(struct se_portal_group *);
	u32 (*tpg_get_default_depth)(struct se_portal_group *);
#if MODEL <= 401
	u8 (*get_fabric_proto_ident)(struct se_portal_group *);
	u32 (*tpg_get_pr_transport_id)(struct se_portal_group *,
				       struct se_node_acl *,
				       struct t10_pr_registration *, int *,
				       unsigned char *);
	u32 (*tpg_get_pr_transport_id_len)(struct se_portal_group *,
					   struct se_node_acl *,
					   struct t10_pr_registration *, int *);
	char *(*tpg_parse_pr_out_transport_id)(struct se_portal_group *,
					       const char *, u32 *, char **);
	struct se_node_acl *(*tpg_alloc_fabric_acl)(struct se_portal_group *);
	void (*tpg_release_fabric_acl)(struct se_portal_group *,
				       struct se_node_acl *);
	u32 (*get_task_tag)(struct se_cmd *);
#endif
	int (*tpg_check_demo_mode)(struct se_portal_group *);
	int (*tpg_check_demo_mode_cache)(struct se_portal_group *);
	int (*tpg_check_demo_mode_write_protect)(struct se_portal_group *);
	int (*tpg_check_prod_mode_write_protect)(struct se_portal_group *);
#if MODEL >= 401
	int (*tpg_check_prot_fabric_only)(struct se_portal_group *);
	void (*aborted_task)(struct se_cmd *);
	void (*queue_tm_rsp)(struct se_cmd *);
#else
	int (*queue_tm_rsp)(struct se_cmd *);
#endif
	u32 (*tpg_get_inst_index)(struct se_portal_group *);
#if MODEL <= 302
	int (*new_cmd_map)(struct se_cmd *);
	void (*stop_session)(struct se_session *, int, int);
	void (*fall_back_to_erl0)(struct se_session *);
	int (*sess_logged_in)(struct se_session *);
	int (*is_state_remove)(struct se_cmd *);
#endif
#if MODEL <= 306
	u16 (*set_fabric_sense_len)(struct se_cmd *, u32);
	u16 (*get_fabric_sense_len)(void);
#endif
#if MODEL <= 206
	void (*release_cmd_to_pool)(struct se_cmd *);
	void (*release_cmd_direct)(struct se_cmd *);
	void (*new_cmd_failure)(struct se_cmd *);
	u64 (*pack_lun)(unsigned int);
#else
	void (*release_cmd)(struct se_cmd *);
#endif
#if MODEL <= 301
	void (*check_stop_free)(struct se_cmd *);
#else
	int (*check_stop_free)(struct se_cmd *);
#endif
	int (*shutdown_session)(struct se_session *);
	void (*close_session)(struct se_session *);
	u32 (*sess_get_index)(struct se_session *);
	u32 (*sess_get_initiator_sid)(struct se_session *, unsigned char *,
				      u32);
	int (*write_pending)(struct se_cmd *);
	int (*write_pending_status)(struct se_cmd *);
	void (*set_default_node_attributes)(struct se_node_acl *);
	int (*get_cmd_state)(struct se_cmd *);
	int (*queue_data_in)(struct se_cmd *);
	int (*queue_status)(struct se_cmd *);
	struct se_wwn *(*fabric_make_wwn)(struct target_fabric_configfs *,
					  struct config_group *, const char *);
	void (*fabric_drop_wwn)(struct se_wwn *);
	struct se_portal_group *(*fabric_make_tpg)(struct se_wwn *,
						   struct config_group *,
						   const char *);
	void (*fabric_drop_tpg)(struct se_portal_group *);
	int (*fabric_post_link)(struct se_portal_group *, struct se_lun *);
	void (*fabric_pre_unlink)(struct se_portal_group *, struct se_lun *);
#if MODEL >= 401
	struct configfs_attribute **tfc_wwn_attrs;
	struct configfs_attribute **tfc_tpg_base_attrs;
	struct configfs_attribute **tfc_tpg_attrib_attrs;
#endif
};

#endif /* MODEL_TARGET_CORE_FABRIC_OPS_H */
