/* SPDX-License-Identifier: GPL-2.0-only */
/* What is used of it is in target_core_base.h. */
