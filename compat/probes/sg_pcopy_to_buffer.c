// SPDX-License-Identifier: GPL-2.0-only
#include <linux/scatterlist.h>

size_t probe(struct scatterlist *sgl, void *buffer);
size_t probe(struct scatterlist *sgl, void *buffer)
{
	return sg_pcopy_to_buffer(sgl, 1, buffer, 1, 0) +
	       sg_pcopy_from_buffer(sgl, 1, buffer, 1, 0);
}
