/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_RCUPDATE_H
#define TCM_LOOP_COMPAT_RCUPDATE_H

#include_next <linux/rcupdate.h>
#include "tcm_loop_probed.h"

#ifndef COMPAT_HAS_kfree_rcu
#ifdef kfree_rcu
#error "kfree_rcu() has another form: compat's own sleeps"
#endif
/* Here it sleeps. */
#define kfree_rcu(pointer, member)                                             \
	do {                                                                   \
		synchronize_rcu();                                             \
		kfree(pointer);                                                \
	} while (0)
#endif

#ifndef COMPAT_HAS_cond_synchronize_rcu
/* No memory of grace periods: wait for a whole one in the end. */
static inline unsigned long get_state_synchronize_rcu(void)
{
	return 0;
}

static inline void cond_synchronize_rcu(unsigned long state)
{
	synchronize_rcu();
}
#endif

#endif /* TCM_LOOP_COMPAT_RCUPDATE_H */
