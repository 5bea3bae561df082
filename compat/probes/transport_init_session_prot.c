// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

struct se_session *(*probe)(enum target_prot_op) = transport_init_session;
