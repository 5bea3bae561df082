// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>
#include <target/target_core_fabric.h>

int probe = PYX_TRANSPORT_USE_SENSE_REASON;
