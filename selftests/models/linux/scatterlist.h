/* SPDX-License-Identifier: GPL-2.0-only */
/* Scatterlists without copying from the middle (before 3.11) and without
 * sgl_alloc() (before 4.16). */
#ifndef MODEL_LINUX_SCATTERLIST_H
#define MODEL_LINUX_SCATTERLIST_H

#if MODEL < 400
#define sg_pcopy_to_buffer later_sg_pcopy_to_buffer
#define sg_pcopy_from_buffer later_sg_pcopy_from_buffer
#endif
#define sgl_alloc later_sgl_alloc
#define sgl_free later_sgl_free
#include_next <linux/scatterlist.h>
#undef sg_pcopy_to_buffer
#undef sg_pcopy_from_buffer
#undef sgl_alloc
#undef sgl_free

#endif /* MODEL_LINUX_SCATTERLIST_H */
