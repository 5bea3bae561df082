// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

int probe(const struct target_core_fabric_ops *ops);
int probe(const struct target_core_fabric_ops *ops)
{
	target_unregister_template(ops);
	return target_register_template(ops);
}
