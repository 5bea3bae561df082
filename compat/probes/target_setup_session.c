// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

struct se_session *(*probe)(struct se_portal_group *, unsigned int,
			    unsigned int, enum target_prot_op, const char *,
			    void *,
			    int (*)(struct se_portal_group *,
				    struct se_session *,
				    void *)) = target_setup_session;
