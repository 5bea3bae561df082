#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The initiator sees the target port group's asymmetric access state change.
. "$(dirname "$0")/clients.sh"
begin_test
load_module
mkdir -p /etc/target/alua

make_ramdisk alua 16
make_tpg $naa 1 $naa_initiator
link_lun $naa 1 0 rd_mcp_0/alua
disk=$(disk_of $naa 1 0)
group=$core/rd_mcp_0/alua/alua/default_tg_pt_gp

# Takes the unit attention that a change brings.
settle() {
	for _ in 1 2 3; do
		sg_raw "$disk" 00 00 00 00 00 00 >/dev/null 2>&1
	done
}
state() {
	local report
	for _ in 1 2 3; do # a unit attention may come first
		report=$(sg_rtpg "$disk" 2>/dev/null) && break
	done
	sed -nE 's/.*asymmetric access state *: *0x0?([0-9a-f]).*/0x\1/p' <<<"$report"
}

check "INQUIRY tells of ALUA" grep -qE 'TPGS=[123]' <<<"$(sg_inq "$disk" | tr ' ' '\n')"
check_equal "the state begins as active/optimized" 0x0 "$(state)"
number=1
for name in active/non-optimized standby unavailable; do
	check "set $name at the target" write $number "$group/alua_access_state"
	settle
	check_equal "REPORT TARGET PORT GROUPS shows $name" "0x$number" "$(state)"
	number=$((number + 1))
done
write 2 "$group/alua_access_state"
settle
check "standby refuses a read" grep -q "target port in standby state" \
	<<<"$(sg_raw --request=4096 "$disk" 28 00 00 00 00 00 00 00 08 00 2>&1)"
check "back to active/optimized" write 0 "$group/alua_access_state"
settle
check_equal "which the initiator sees" 0x0 "$(state)"
write 3 "$group/alua_access_type"
settle
check "SET TARGET PORT GROUPS: the initiator asks for non-optimized" sg_stpg --tp=0 --state=1 "$disk"
settle
check_equal "which the target sees" 1 "$(cat "$group/alua_access_state")"
check "SET TARGET PORT GROUPS: and for optimized" sg_stpg --tp=0 --state=0 "$disk"
settle
write 1 "$(device_of $naa 1 0)/rescan" # the SCSI layer may have asked for the size meanwhile
check "I/O works" verify "$disk"
finish
