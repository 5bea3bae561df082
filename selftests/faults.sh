#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every allocation may fail; see faults.py.  The module leaves no trace.  Needs a kernel with fault injection.
. "$(dirname "$0")/targets.sh"
begin_test
[ -e /proc/thread-self/fail-nth ] && [ -d /sys/kernel/debug/failslab ] || skip_all "this kernel has no fault injection"
load_module

write N /sys/kernel/debug/failslab/ignore-gfp-wait
write 0 /sys/kernel/debug/failslab/verbose
make_ramdisk faults 8
mkdir -p $loopback
python3 "$(dirname "$0")/faults.py" ${FAULTS_TRIES:-20}
status=$?
clean_up
unload_module || status=1
if [ -e /proc/scsi/tcm_loopback ]; then
	say "/proc/scsi/tcm_loopback is there without the module"
	status=1
fi
exit $status
