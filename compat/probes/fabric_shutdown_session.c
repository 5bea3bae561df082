// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

int probe_down(struct se_session *session);

const struct target_core_fabric_ops probe = { .shutdown_session = probe_down };
