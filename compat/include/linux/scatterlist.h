/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_SCATTERLIST_H
#define TCM_LOOP_COMPAT_SCATTERLIST_H

#include_next <linux/scatterlist.h>
#include "tcm_loop_probed.h"

#ifndef COMPAT_HAS_sg_pcopy_to_buffer
size_t compat_sg_copy(struct scatterlist *sgl, unsigned int count, void *buffer,
		      size_t size, off_t skip, bool to_buffer);

static inline size_t sg_pcopy_to_buffer(struct scatterlist *sgl,
					unsigned int count, void *to,
					size_t size, off_t skip)
{
	return compat_sg_copy(sgl, count, to, size, skip, true);
}

static inline size_t sg_pcopy_from_buffer(struct scatterlist *sgl,
					  unsigned int count, void *from,
					  size_t size, off_t skip)
{
	return compat_sg_copy(sgl, count, from, size, skip, false);
}
#endif

#ifndef COMPAT_HAS_sgl_alloc
struct scatterlist *compat_sgl_alloc(unsigned long long size, gfp_t gfp,
				     unsigned int *count);
void compat_sgl_free(struct scatterlist *sgl);
#define sgl_alloc compat_sgl_alloc
#define sgl_free compat_sgl_free
#endif

#endif /* TCM_LOOP_COMPAT_SCATTERLIST_H */
