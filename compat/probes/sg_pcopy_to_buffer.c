// SPDX-License-Identifier: GPL-2.0-only
#include <linux/scatterlist.h>

size_t probe(struct scatterlist *sgl, void *to);
size_t probe(struct scatterlist *sgl, void *to)
{
	return sg_pcopy_to_buffer(sgl, 1, to, 1, 0);
}
