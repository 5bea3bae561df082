/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_ATOMIC_H
#define TCM_LOOP_COMPAT_ATOMIC_H

#include_next <linux/atomic.h>
#include <linux/compiler.h>
#include <asm/barrier.h>

#ifndef smp_load_acquire
#define smp_load_acquire(pointer)                                              \
	({                                                                     \
		__typeof__(*(pointer)) compat_value = ACCESS_ONCE(*(pointer)); \
		smp_mb();                                                      \
		compat_value;                                                  \
	})
#define smp_store_release(pointer, value)                                      \
	do {                                                                   \
		smp_mb();                                                      \
		ACCESS_ONCE(*(pointer)) = (value);                             \
	} while (0)
#endif

#endif /* TCM_LOOP_COMPAT_ATOMIC_H */
