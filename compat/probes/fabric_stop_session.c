// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

void probe_stop(struct se_session *session, int sleep, int connection);

const struct target_core_fabric_ops probe = { .stop_session = probe_stop };
