/* SPDX-License-Identifier: GPL-2.0-only */
/* See target_core_base.h. */
#ifndef MODEL_TARGET_CORE_FABRIC_H
#define MODEL_TARGET_CORE_FABRIC_H

#if MODEL <= 302
/* There was none. */
#include "../../compat/missing/target/target_core_fabric.h"
#else
#include <target/target_core_base.h>
#include <target/target_core_fabric_ops.h>
#include <target/target_core_transport.h>
#include <target/target_core_device.h>
#include <target/target_core_tmr.h>
#endif

#endif /* MODEL_TARGET_CORE_FABRIC_H */
