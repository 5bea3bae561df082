// SPDX-License-Identifier: GPL-2.0-only
#include <linux/kernel.h>

int probe = IS_ENABLED(CONFIG_TCM_LOOP_PROBE);
