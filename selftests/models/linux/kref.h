/* SPDX-License-Identifier: GPL-2.0-only */
/* Linux 2.6.39 to 3.1, and RHEL 7; see ../target/target_core_base.h. */
#ifndef MODEL_KREF_H
#define MODEL_KREF_H

#if MODEL <= 301
/* Atomic variables are declared here, but nothing that reads them. */
#define _KREF_H_
#include <linux/types.h>

struct kref {
	atomic_t refcount;
};

void kref_init(struct kref *kref);
void kref_get(struct kref *kref);
int kref_put(struct kref *kref, void (*release)(struct kref *kref));
#else
#include_next <linux/kref.h>

#if MODEL == 401
/* RHEL 7 has it with another type than later kernels. */
#define kref_read model_kref_read
static inline int kref_read(const struct kref *kref)
{
	return refcount_read(&kref->refcount);
}
#endif
#endif

#endif /* MODEL_KREF_H */
