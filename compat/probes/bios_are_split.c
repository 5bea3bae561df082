// SPDX-License-Identifier: GPL-2.0-only
#include <linux/blkdev.h>

/* What a device was asked with, how much of a bio it takes: the kernel has
 * none. */
struct bvec_merge_data {
	int probe;
};
