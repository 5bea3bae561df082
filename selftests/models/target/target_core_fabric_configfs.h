/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux 3.8 and 4.1, see target_core_base.h. */
#ifndef MODEL_TARGET_CORE_FABRIC_CONFIGFS_H
#define MODEL_TARGET_CORE_FABRIC_CONFIGFS_H

#define MODEL_ATTRIBUTE(kind, object)                                          \
	struct kind {                                                          \
		struct configfs_attribute attr;                                \
		ssize_t (*show)(struct object *, char *);                      \
		ssize_t (*store)(struct object *, const char *, size_t);       \
	}

MODEL_ATTRIBUTE(target_fabric_wwn_attribute, target_fabric_configfs);
MODEL_ATTRIBUTE(target_fabric_tpg_attribute, se_portal_group);
MODEL_ATTRIBUTE(target_fabric_tpg_attrib_attribute, se_portal_group);

#endif /* MODEL_TARGET_CORE_FABRIC_CONFIGFS_H */
