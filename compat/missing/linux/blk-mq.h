/* SPDX-License-Identifier: GPL-2.0-only */
/* There was no such queue (before 3.13). */
