// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

u16 probe_len(void);

const struct target_core_fabric_ops probe = { .get_fabric_sense_len =
						      probe_len };
