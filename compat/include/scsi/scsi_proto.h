/* SPDX-License-Identifier: GPL-2.0-only */
#ifndef TCM_LOOP_COMPAT_SCSI_PROTO_H
#define TCM_LOOP_COMPAT_SCSI_PROTO_H

#include "tcm_loop_probed.h"

#ifdef COMPAT_HAS_scsi_proto_h
#include_next <scsi/scsi_proto.h>
#else
#include <scsi/scsi.h>
#endif

#endif /* TCM_LOOP_COMPAT_SCSI_PROTO_H */
