// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kref.h>

unsigned int probe(const struct kref *kref);
unsigned int probe(const struct kref *kref)
{
	return kref_read(kref);
}
