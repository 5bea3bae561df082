#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A backstore whose device fails requests at random (fail_make_request): each
# error arrives, the disk stays, and when it is over no byte is wrong.  Needs a
# kernel with fault injection.
. "$(dirname "$0")/clients.sh"
begin_test
faults=/sys/kernel/debug/fail_make_request
[ -d $faults ] || skip_all "this kernel has no fault injection"
load_module
modprobe -q brd rd_nr=1 rd_size=32768
fails=/sys/block/ram0/make-it-fail
[ -e $fails ] || skip_all "needs brd"
trap 'echo 0 >$fails; clean_up' EXIT

make_iblock flaky /dev/ram0
make_tpg $naa 1 $naa_initiator
link_lun $naa 1 0 iblock_0/flaky
disk=$(disk_of $naa 1 0)
device=$(device_of $naa 1 0)
at_rest "$disk"
write 0 $faults/verbose
write -1 $faults/times
write 5 $faults/probability
write 1 $fails
begin fio --name=load --filename="$disk" --direct=1 --ioengine=libaio --rw=randrw --bsrange=4k-256k --iodepth=16 \
	--time_based=1 --runtime="${FLAKY_SECONDS:-10}" --continue_on_error=all --output-format=json --output=/tmp/flaky.json
check "requests fail: fio ends" wait_for 120 has_ended
end
number() { # number FIELD: of fio's job
	python3 -c 'import json, sys; print(json.load(open("/tmp/flaky.json"))["jobs"][0][sys.argv[1]])' "$1"
}
check "requests fail: some did ($(number total_err))" test "$(number total_err)" -gt 0
check "requests fail: no process waits" no_process_waits
check_equal "requests fail: the disk is running" running "$(cat "$device/state")"
write 0 $fails
check "when none fails, the disk takes data and gives it back" verify "$disk"
check "the LUN is unlinked" unlink_lun $naa 1 0
finish
