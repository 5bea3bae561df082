// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

void (*probe)(struct se_cmd *, int, int, int) = transport_generic_free_cmd;
