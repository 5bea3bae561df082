/* SPDX-License-Identifier: GPL-2.0-only */
/* What is used of it is in target_core_base.h. */
#if MODEL <= 302
#include "../../compat/missing/target/target_core_backend.h"
#endif
