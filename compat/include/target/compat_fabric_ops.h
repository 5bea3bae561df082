/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * The fabric's operations as later kernels know them, for kernels whose own
 * structure has other members (before 5.0).  compat/fabric.c translates.
 */
#ifndef TCM_LOOP_COMPAT_FABRIC_OPS_H
#define TCM_LOOP_COMPAT_FABRIC_OPS_H

#ifndef COMPAT_HAS_target_register_template
#include <linux/module.h>
#include <target/target_core_configfs.h>
#endif
#ifndef COMPAT_HAS_attrib_to_tpg
#include <target/target_core_fabric_configfs.h>
#endif

struct compat_fabric_ops {
	struct module *module;
	const char *fabric_name;
	char *(*tpg_get_wwn)(struct se_portal_group *);
	u16 (*tpg_get_tag)(struct se_portal_group *);
	int (*tpg_check_demo_mode)(struct se_portal_group *);
	int (*tpg_check_demo_mode_cache)(struct se_portal_group *);
	int (*tpg_check_demo_mode_write_protect)(struct se_portal_group *);
	int (*tpg_check_prod_mode_write_protect)(struct se_portal_group *);
	int (*tpg_check_prot_fabric_only)(struct se_portal_group *);
	u32 (*tpg_get_inst_index)(struct se_portal_group *);
	int (*check_stop_free)(struct se_cmd *);
	void (*release_cmd)(struct se_cmd *);
	u32 (*sess_get_index)(struct se_session *);
	u32 (*sess_get_initiator_sid)(struct se_session *, unsigned char *,
				      u32);
	void (*set_default_node_attributes)(struct se_node_acl *);
	int (*write_pending)(struct se_cmd *);
	int (*get_cmd_state)(struct se_cmd *);
	int (*queue_data_in)(struct se_cmd *);
	int (*queue_status)(struct se_cmd *);
	void (*queue_tm_rsp)(struct se_cmd *);
	void (*aborted_task)(struct se_cmd *);
	struct se_wwn *(*fabric_make_wwn)(struct target_fabric_configfs *,
					  struct config_group *, const char *);
	void (*fabric_drop_wwn)(struct se_wwn *);
	struct se_portal_group *(*fabric_make_tpg)(struct se_wwn *,
						   const char *);
	void (*fabric_drop_tpg)(struct se_portal_group *);
	int (*fabric_post_link)(struct se_portal_group *, struct se_lun *);
	void (*fabric_pre_unlink)(struct se_portal_group *, struct se_lun *);
	struct configfs_attribute **tfc_wwn_attrs;
	struct configfs_attribute **tfc_tpg_base_attrs;
	struct configfs_attribute **tfc_tpg_attrib_attrs;
};

/* From here on the name means ours; the kernel's headers have been read. */
#define target_core_fabric_ops compat_fabric_ops

/* compat/fabric.c, for compat/submit.c */
int compat_fabric_register(const struct compat_fabric_ops *ops);
void compat_fabric_unregister(const struct compat_fabric_ops *ops);

#ifndef COMPAT_HAS_attrib_to_tpg
/*
 * Attributes were structures of the target core's, one kind for each kind of
 * directory, whose functions get its object.  The name of the functions tells
 * the kind.  As in later kernels, an attribute is known as a struct
 * configfs_attribute: its first member.
 */
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

#define COMPAT_ITEM_tcm_loop_tpg_(se_tpg) (&(se_tpg)->tpg_group.cg_item)
#define COMPAT_ITEM_tcm_loop_tpg_attrib_(se_tpg)                               \
	(&(se_tpg)->tpg_attrib_group.cg_item)
/* Its only attribute has the same value everywhere. */
#define COMPAT_ITEM_tcm_loop_wwn_(fabric) NULL
#define COMPAT_KIND_tcm_loop_tpg_ target_fabric_tpg_attribute
#define COMPAT_KIND_tcm_loop_tpg_attrib_ target_fabric_tpg_attrib_attribute
#define COMPAT_KIND_tcm_loop_wwn_ target_fabric_wwn_attribute
#define COMPAT_OBJECT_tcm_loop_tpg_ struct se_portal_group
#define COMPAT_OBJECT_tcm_loop_tpg_attrib_ struct se_portal_group
#define COMPAT_OBJECT_tcm_loop_wwn_ struct target_fabric_configfs

#define COMPAT_ATTR_SHOW(pfx, name)                                            \
	static ssize_t compat_##pfx##name##_show(COMPAT_OBJECT_##pfx *object,  \
						 char *page)                   \
	{                                                                      \
		return pfx##name##_show(COMPAT_ITEM_##pfx(object), page);      \
	}
#define COMPAT_ATTR_STORE(pfx, name)                                           \
	static ssize_t compat_##pfx##name##_store(                             \
		COMPAT_OBJECT_##pfx *object, const char *page, size_t count)   \
	{                                                                      \
		return pfx##name##_store(COMPAT_ITEM_##pfx(object), page,      \
					 count);                               \
	}
#define COMPAT_ATTR(pfx, nam, mode, store_function)                            \
	static struct COMPAT_KIND_##pfx compat_##pfx##attr_##nam = {           \
		.attr = { .ca_owner = THIS_MODULE,                             \
			  .ca_name = #nam,                                     \
			  .ca_mode = mode },                                   \
		.show = compat_##pfx##nam##_show,                              \
		.store = store_function,                                       \
	};                                                                     \
	extern struct configfs_attribute pfx##attr_##nam                       \
		__attribute__((alias("compat_" #pfx "attr_" #nam)))

/* RHEL 7.3 has configfs's own, which its target core does not use. */
#undef CONFIGFS_ATTR
#undef CONFIGFS_ATTR_RO
#define CONFIGFS_ATTR(pfx, name)                                               \
	COMPAT_ATTR_SHOW(pfx, name)                                            \
	COMPAT_ATTR_STORE(pfx, name)                                           \
	COMPAT_ATTR(pfx, name, 0644, compat_##pfx##name##_store)
#define CONFIGFS_ATTR_RO(pfx, name)                                            \
	COMPAT_ATTR_SHOW(pfx, name)                                            \
	COMPAT_ATTR(pfx, name, 0444, NULL)
#endif

#endif /* TCM_LOOP_COMPAT_FABRIC_OPS_H */
