// SPDX-License-Identifier: GPL-2.0-only
#include <linux/sched.h>

long probe(void);
long probe(void)
{
	return schedule_timeout_idle(1);
}
