/* SPDX-License-Identifier: GPL-2.0-only */
/* Barriers had no header of their own (before 3.4). */
#include <asm/system.h>
