// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

int (*probe)(struct se_session *, struct se_cmd *) = target_put_sess_cmd;
