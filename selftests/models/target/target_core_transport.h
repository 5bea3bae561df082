/* SPDX-License-Identifier: GPL-2.0-only */
/* See target_core_base.h. */
#ifndef MODEL_TARGET_CORE_TRANSPORT_H
#define MODEL_TARGET_CORE_TRANSPORT_H

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
#if MODEL >= 306
void target_sess_cmd_list_set_waiting(struct se_session *session);
void target_execute_cmd(struct se_cmd *cmd);
#else
void transport_generic_process_write(struct se_cmd *cmd);
#endif

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
#if MODEL >= 302
int target_put_sess_cmd(struct se_session *session, struct se_cmd *cmd);
#endif
#endif
int core_tpg_deregister(struct se_portal_group *tpg);

#if MODEL >= 308
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
#endif
#if MODEL >= 401
int transport_generic_free_cmd(struct se_cmd *cmd, int wait);
void target_wait_for_sess_cmds(struct se_session *session);
#elif MODEL >= 302
void transport_generic_free_cmd(struct se_cmd *cmd, int wait);
void target_wait_for_sess_cmds(struct se_session *session, int wait);
#elif MODEL >= 301
void transport_generic_free_cmd(struct se_cmd *cmd, int wait,
				int reinstatement);
#else
void transport_generic_free_cmd(struct se_cmd *cmd, int wait, int to_pool,
				int reinstatement);
#endif

#if MODEL <= 306
void transport_init_se_cmd(struct se_cmd *cmd,
			   struct target_core_fabric_ops *ops,
			   struct se_session *session, u32 length, int dir,
			   int attr, unsigned char *sense);
int transport_generic_map_mem_to_cmd(struct se_cmd *cmd,
				     struct scatterlist *sgl, u32 count,
				     struct scatterlist *bidi, u32 bidi_count);
int transport_send_check_condition_and_sense(struct se_cmd *cmd, u8 reason,
					     int from_transport);
int core_alua_check_nonop_delay(struct se_cmd *cmd);
int transport_generic_handle_tmr(struct se_cmd *cmd);
#if MODEL >= 306
int target_setup_cmd_from_cdb(struct se_cmd *cmd, unsigned char *cdb);
int transport_handle_cdb_direct(struct se_cmd *cmd);
void transport_generic_request_failure(struct se_cmd *cmd);
#else
int transport_generic_allocate_tasks(struct se_cmd *cmd, unsigned char *cdb);
int transport_generic_handle_cdb_map(struct se_cmd *cmd);
#endif
#if MODEL <= 206
void transport_device_setup_cmd(struct se_cmd *cmd);
#endif
#if MODEL <= 301
#define PYX_TRANSPORT_LU_COMM_FAILURE -7
#define PYX_TRANSPORT_RESERVATION_CONFLICT -10
#define PYX_TRANSPORT_USE_SENSE_REASON -13
#endif
#endif

#endif /* MODEL_TARGET_CORE_TRANSPORT_H */
