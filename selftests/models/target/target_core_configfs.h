/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux 3.8, see target_core_base.h. */
#ifndef MODEL_TARGET_CORE_CONFIGFS_H
#define MODEL_TARGET_CORE_CONFIGFS_H

struct model_item_type {
	struct configfs_attribute **ct_attrs;
};

struct target_fabric_configfs_template {
	struct model_item_type tfc_wwn_cit;
	struct model_item_type tfc_tpg_base_cit;
	struct model_item_type tfc_tpg_attrib_cit;
};

struct target_fabric_configfs {
	struct target_core_fabric_ops tf_ops;
	struct target_fabric_configfs_template tf_cit_tmpl;
};

struct target_fabric_configfs *target_fabric_configfs_init(struct module *mod,
							   const char *name);
void target_fabric_configfs_free(struct target_fabric_configfs *fabric);
int target_fabric_configfs_register(struct target_fabric_configfs *fabric);
void target_fabric_configfs_deregister(struct target_fabric_configfs *fabric);

#endif /* MODEL_TARGET_CORE_CONFIGFS_H */
