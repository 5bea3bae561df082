/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef MODEL_TARGET_CORE_FABRIC_H
#define MODEL_TARGET_CORE_FABRIC_H

#include <target/target_core_base.h>

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
	int (*check_stop_free)(struct se_cmd *);
	void (*release_cmd)(struct se_cmd *);
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

#if MODEL >= 401
int target_register_template(const struct target_core_fabric_ops *ops);
void target_unregister_template(const struct target_core_fabric_ops *ops);
struct se_session *transport_init_session(enum target_prot_op op);
#else
struct se_session *transport_init_session(void);
#endif
void transport_free_session(struct se_session *session);
void transport_register_session(struct se_portal_group *tpg,
				struct se_node_acl *nacl,
				struct se_session *session, void *private);
void transport_deregister_session_configfs(struct se_session *session);
void transport_deregister_session(struct se_session *session);
struct se_node_acl *
core_tpg_check_initiator_node_acl(struct se_portal_group *tpg,
				  unsigned char *name);
void target_sess_cmd_list_set_waiting(struct se_session *session);
void target_execute_cmd(struct se_cmd *cmd);

#if MODEL >= 404
typedef u64 model_lun_t;
int core_tpg_register(struct se_wwn *wwn, struct se_portal_group *tpg,
		      int protocol);
void core_allocate_nexus_loss_ua(struct se_node_acl *nacl);
int target_put_sess_cmd(struct se_cmd *cmd);
#else
typedef u32 model_lun_t;
int core_tpg_register(
#if MODEL >= 401
	const
#endif
	struct target_core_fabric_ops *ops,
	struct se_wwn *wwn, struct se_portal_group *tpg, void *private,
	int type);
int target_put_sess_cmd(struct se_session *session, struct se_cmd *cmd);
#endif
int core_tpg_deregister(struct se_portal_group *tpg);

int target_submit_tmr(struct se_cmd *cmd, struct se_session *session,
		      unsigned char *sense, model_lun_t lun, void *private,
		      unsigned char function, gfp_t gfp, unsigned int tag,
		      int flags);
int target_submit_cmd_map_sgls(struct se_cmd *cmd, struct se_session *session,
			       unsigned char *cdb, unsigned char *sense,
			       model_lun_t lun, u32 length, int attr, int dir,
			       int flags, struct scatterlist *sgl, u32 count,
			       struct scatterlist *bidi, u32 bidi_count
#if MODEL >= 401
			       ,
			       struct scatterlist *prot, u32 prot_count
#endif
);
#if MODEL >= 401
int transport_generic_free_cmd(struct se_cmd *cmd, int wait);
void target_wait_for_sess_cmds(struct se_session *session);
#else
void transport_generic_free_cmd(struct se_cmd *cmd, int wait);
void target_wait_for_sess_cmds(struct se_session *session, int wait);
#endif

#endif /* MODEL_TARGET_CORE_FABRIC_H */
