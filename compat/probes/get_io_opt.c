// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_backend.h>

unsigned int probe(struct se_device *dev);
unsigned int probe(struct se_device *dev)
{
	return dev->transport->get_io_opt(dev);
}
