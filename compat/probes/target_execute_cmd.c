// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

const void *probe = target_execute_cmd;
