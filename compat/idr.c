// SPDX-License-Identifier: GPL-2.0-only
/*
 * Numbers, before there was ida_simple_get() (3.1): the caller had to reserve
 * memory and to lock.
 */
#include <linux/errno.h>
#include <linux/idr.h>
#include <linux/spinlock.h>

#ifdef COMPAT_IDA_IN_PARTS

static DEFINE_SPINLOCK(compat_ida_lock);

/**
 * ida_alloc_max - take the lowest number that is free
 * @ida: the numbers
 * @max: the highest to take
 * @gfp: of the allocations; sleeps if this says so
 *
 * Return: the number; -ENOMEM; -ENOSPC.
 */
int ida_alloc_max(struct ida *ida, unsigned int max, gfp_t gfp)
{
	int ret, id;

	do {
		if (!ida_pre_get(ida, gfp))
			return -ENOMEM;
		spin_lock(&compat_ida_lock);
		ret = ida_get_new(ida, &id);
		if (!ret && id > max) {
			ida_remove(ida, id);
			ret = -ENOSPC;
		}
		spin_unlock(&compat_ida_lock);
	} while (ret == -EAGAIN);
	return ret ? ret : id;
}

/**
 * ida_free - return a number
 * @ida: the numbers
 * @id: the number
 *
 * Process context.
 */
void ida_free(struct ida *ida, unsigned int id)
{
	spin_lock(&compat_ida_lock);
	ida_remove(ida, id);
	spin_unlock(&compat_ida_lock);
}

#endif
