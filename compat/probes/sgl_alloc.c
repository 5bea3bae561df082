// SPDX-License-Identifier: GPL-2.0-only
#include <linux/scatterlist.h>

#ifndef CONFIG_SGL_ALLOC
#error "the declaration is there without the function"
#endif

struct scatterlist *probe(unsigned int *count);
struct scatterlist *probe(unsigned int *count)
{
	return sgl_alloc(1, GFP_KERNEL, count);
}
