// SPDX-License-Identifier: GPL-2.0-only
#include <linux/rcupdate.h>
#include <linux/slab.h>

struct probe {
	struct rcu_head rcu;
};

void probe(struct probe *p);
void probe(struct probe *p)
{
	kfree_rcu(p, rcu);
}
