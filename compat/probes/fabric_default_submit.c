// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

const struct target_core_fabric_ops probe = {
	.direct_submit_supp = 1,
	.default_submit_type = TARGET_QUEUE_SUBMIT,
};
