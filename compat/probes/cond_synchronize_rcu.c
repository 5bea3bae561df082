// SPDX-License-Identifier: GPL-2.0-only
#include <linux/rcupdate.h>

void probe(void);
void probe(void)
{
	unsigned long state = get_state_synchronize_rcu();

	cond_synchronize_rcu(state);
}
