/* SPDX-License-Identifier: GPL-2.0-only */
/*
 * What a fabric needs of the target core, before it was one header (3.3).  This
 * folder comes last in the search for headers: the kernel's own go before.
 */
#ifndef TCM_LOOP_MISSING_TARGET_CORE_FABRIC_H
#define TCM_LOOP_MISSING_TARGET_CORE_FABRIC_H

#include <target/target_core_base.h>
#include <target/target_core_transport.h>
#include <target/target_core_fabric_ops.h>
#include <target/target_core_fabric_lib.h>
#include <target/target_core_device.h>
#include <target/target_core_tmr.h>
#include <target/target_core_tpg.h>

#endif /* TCM_LOOP_MISSING_TARGET_CORE_FABRIC_H */
