// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

u64 probe_pack(unsigned int lun);

const struct target_core_fabric_ops probe = { .pack_lun = probe_pack };
