#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Leaves a disk whose backstore does not answer any more, and for whose size a rescan waits.  The test is whether the
# machine can be switched off then: not one for selftests/run, but for vm/check.
. "$(dirname "$0")/clients.sh"
begin_test
load_module
modprobe -q target_core_user || skip_all "this kernel has no target_core_user"
truncate -s 16M /tmp/dead.img
make_backstore user_0/dead "dev_config=program,dev_size=$((16 << 20)),nl_reply_supported=-1"
write 0 $core/user_0/dead/attrib/cmd_time_out
begin "$(dirname "$0")/tcmu.py" dead /tmp/dead.img
make_tpg $naa 1 $naa_initiator
link_lun $naa 1 0 user_0/dead
disk=$(disk_of $naa 1 0)
at_rest "$disk"
pkill -STOP -f systemd-udevd
kill -STOP "$load"
write 1 "$(device_of $naa 1 0)/rescan" &
sleep 3
check "a rescan waits" kill -0 $!
trap - EXIT
echo "1..$checks"
[ "$failures" = 0 ]
