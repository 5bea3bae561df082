// SPDX-License-Identifier: GPL-2.0-only
/*
 * Scatterlists: copying from the middle (sg_pcopy_to_buffer(), 3.11), and those
 * that consist of pages (sgl_alloc(), 4.16, which the target core selects).
 */
#include <linux/irqflags.h>
#include <linux/kernel.h>
#include <linux/mm.h>
#include <linux/scatterlist.h>
#include <linux/slab.h>
#include <linux/string.h>

#ifndef COMPAT_HAS_sg_pcopy_to_buffer
/**
 * compat_sg_copy - copy a part of a scatterlist's data
 * @sgl: the scatterlist
 * @count: entries of @sgl
 * @buffer: from or to where
 * @size: of the part, in bytes
 * @skip: where it begins, in bytes
 * @to_buffer: the direction
 *
 * Any context.
 *
 * Return: how many bytes were copied.
 */
size_t compat_sg_copy(struct scatterlist *sgl, unsigned int count, void *buffer,
		      size_t size, off_t skip, bool to_buffer)
{
	struct sg_mapping_iter miter;
	unsigned long flags;
	size_t done = 0, len;

	sg_miter_start(&miter, sgl, count,
		       SG_MITER_ATOMIC |
			       (to_buffer ? SG_MITER_FROM_SG : SG_MITER_TO_SG));
	local_irq_save(flags); /* the oldest kernels map for that */
	while (done < size && sg_miter_next(&miter)) {
		if (skip >= miter.length) {
			skip -= miter.length;
			continue;
		}
		len = min_t(size_t, miter.length - skip, size - done);
		if (to_buffer)
			memcpy(buffer + done, miter.addr + skip, len);
		else
			memcpy(miter.addr + skip, buffer + done, len);
		done += len;
		skip = 0;
	}
	sg_miter_stop(&miter);
	local_irq_restore(flags);
	return done;
}
#endif

#ifndef COMPAT_HAS_sgl_alloc
/**
 * sgl_free - free a scatterlist and its pages
 * @sgl: what sgl_alloc() returned
 *
 * Any context.
 */
void sgl_free(struct scatterlist *sgl)
{
	struct scatterlist *sg;

	for (sg = sgl; sg; sg = sg_next(sg))
		if (sg_page(sg))
			__free_page(sg_page(sg));
	kfree(sgl);
}

/**
 * sgl_alloc - allocate a scatterlist and pages for it
 * @size: how many bytes of data it is to have
 * @gfp: how to allocate
 * @count: where the number of its entries goes
 *
 * Each entry is a whole page, but for the last.  The context is that of @gfp.
 *
 * Return: the scatterlist, or NULL.
 */
struct scatterlist *sgl_alloc(unsigned long long size, gfp_t gfp,
			      unsigned int *count)
{
	unsigned int entries = PAGE_ALIGN(size) >> PAGE_SHIFT, i;
	struct scatterlist *sgl =
		kmalloc_array(entries, sizeof(*sgl), gfp & ~__GFP_HIGHMEM);
	struct page *page;

	if (!sgl)
		return NULL;
	sg_init_table(sgl, entries);
	for (i = 0; i < entries; i++) {
		page = alloc_page(gfp);
		if (!page) {
			sgl_free(sgl);
			return NULL;
		}
		sg_set_page(&sgl[i], page, min_t(u64, size, PAGE_SIZE), 0);
		size -= sgl[i].length;
	}
	*count = entries;
	return sgl;
}
#endif
