// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>

u32 probe(struct t10_wwn *wwn);
u32 probe(struct t10_wwn *wwn)
{
	return wwn->company_id;
}
