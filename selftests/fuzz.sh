#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Hostile names and values for FUZZ_SECONDS; see fuzz.py.
. "$(dirname "$0")/lib.sh"
load_module

make_ramdisk fuzz 8
mkdir -p $loopback
seconds=${FUZZ_SECONDS:-10}
dmesg -C
log=/tmp/fuzz.log
python3 "$(dirname "$0")/fuzz.py" "$seconds" ${FUZZ_WORKERS:-3} ${FUZZ_SEED:-} >$log 2>&1
status=$?
grep '^#' $log
check "what is right is accepted, all else refused" bash -c "grep -v '^#' $log; exit $status"
check "the log was not flooded" test "$(dmesg | grep -c 'tcm_loop: ')" -le $((220 * (seconds / 10 + 2)))
check "everything can be removed" clean_up
check "and the module unloaded" unload_module
finish
