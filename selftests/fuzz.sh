#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Hostile names and values for FUZZ_SECONDS; see fuzz.py.
. "$(dirname "$0")/targets.sh"
begin_test
load_module

make_ramdisk fuzz 8
mkdir -p $loopback
seconds=${FUZZ_SECONDS:-10}
dmesg -C
log=/tmp/fuzz.log
for strict in N Y; do
	write $strict /sys/module/tcm_loop/parameters/strict_names
	python3 "$(dirname "$0")/fuzz.py" $((seconds / 2)) ${FUZZ_WORKERS:-3} ${FUZZ_SEED:-} >$log 2>&1
	status=$?
	grep '^#' $log
	check "strict_names=$strict: what is right is accepted, all else refused" bash -c "grep -v '^#' $log; exit $status"
done
check "the log was not flooded" test "$(dmesg | grep -c 'tcm_loop: ')" -le $((220 * (seconds / 10 + 2)))
check "everything can be removed" clean_up
check "and the module unloaded" unload_module
finish
