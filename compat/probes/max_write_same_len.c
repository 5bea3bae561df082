// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>

unsigned int probe(const struct se_dev_attrib *attrib);
unsigned int probe(const struct se_dev_attrib *attrib)
{
	return attrib->max_write_same_len;
}
