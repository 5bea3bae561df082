// SPDX-License-Identifier: GPL-2.0-only
#include <target/target_core_base.h>

const enum target_prot_type probe[] = {
	TARGET_DIF_TYPE0_PROT,
	TARGET_DIF_TYPE1_PROT,
	TARGET_DIF_TYPE2_PROT,
	TARGET_DIF_TYPE3_PROT,
};
const enum target_prot_op probe_op =
	TARGET_PROT_NORMAL | TARGET_PROT_DIN_PASS | TARGET_PROT_DOUT_PASS;
