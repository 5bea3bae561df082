// SPDX-License-Identifier: GPL-2.0-only
#include <linux/scatterlist.h>

#ifndef CONFIG_SGL_ALLOC
#error "the declaration is there without the function"
#endif

void probe(unsigned int *count);
void probe(unsigned int *count)
{
	sgl_free(sgl_alloc(1, GFP_KERNEL, count));
}
