/* SPDX-License-Identifier: GPL-2.0-only */
/* Nothing is used of it, see target_core_base.h. */
