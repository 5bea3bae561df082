// SPDX-License-Identifier: GPL-2.0-only
#include <linux/module.h>

int probe_returns_int(void *);

void (*probe)(void *) = probe_returns_int;
