#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Everything at once, at random, for CHURN_SECONDS; see churn.py.
. "$(dirname "$0")/clients.sh"
begin_test
load_module
modprobe -q brd rd_nr=1 rd_size=32768

make_ramdisk churn 16
make_fileio churn 16 /tmp/churn.img
[ ! -b /dev/ram0 ] || make_iblock churn /dev/ram0
# A serial number names the backstore.
for dir in "$core"/*_0/churn; do
	hba=${dir%/churn}
	write "${hba##*/}" "$dir/wwn/vpd_unit_serial"
done
mkdir -p $loopback

log=/tmp/churn.log
python3 "$(dirname "$0")/churn.py" "${CHURN_SECONDS:-20}" ${CHURN_WORKERS:-6} ${CHURN_SEED:-} >$log 2>&1
status=$?
grep '^#' $log
check "nothing unexpected" bash -c "grep -v '^#' $log; exit $status"
[ $status = 0 ] || grep -qv "takes more than" $log || exit 1
check "no process waits" no_process_waits
check "everything can be removed" clean_up
check "and the module unloaded" unload_module
rm -f /tmp/churn.img
finish
