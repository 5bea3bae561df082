// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>

bool probe(struct se_lun *lun);
bool probe(struct se_lun *lun)
{
	return lun->lun_access_ro;
}
