#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# When a LUN has been linked its block device is there, on a busy machine, too; and what programs do around a link:
# look for the device, scan all hosts, set ALUA groups.
. "$(dirname "$0")/clients.sh"
begin_test
load_module
needs_mapped
leave() {
	rm -f /tmp/go-on /tmp/looks
	resume_mapped held
	stop_tcmu_runner
	clean_up
	unload_debug
	dmsetup remove --retry held
	rm -rf /tmp/tcmu
} >/dev/null 2>&1
trap leave EXIT

other=naa.5001405000000011
ours() { [ -e /sys/module/tcm_loop/version ]; } # the kernel's own does not wait
logged() { dmesg | tail -n 50 | grep -qF "$1"; }
node_at_once() { # node_at_once WWN TPGT LUN: without waiting; it can be opened
	local block
	block=$(echo "$(device_of "$@")"/block/*)
	blockdev --getsize64 "/dev/${block##*/}"
}

# scsi_debug takes its time for what sd asks, but not for the scan's INQUIRY.
slow() { # slow JIFFIES: when nobody uses it
	udevadm settle --timeout=60
	wait_for 30 write "$1" /sys/bus/pseudo/drivers/scsi_debug/delay
}
if modprobe -q target_core_pscsi && modprobe -qn scsi_debug; then
	check "a SCSI disk below" load_debug disk dev_size_mb=8
	make_pscsi passed "$(debug_device)" "$(debug_disk)"
	check "answers slowly" slow 5
	make_tpg $naa 1 $naa_initiator
	link_lun $naa 1 0 pscsi_0/passed
	check "a slow disk: its block device is there when the link returns" node_at_once $naa 1 0
	unlink_lun $naa 1 0
	check "it is there, too, when the nexus comes after the link" write NULL $loopback/$naa/tpgt_1/nexus
	link_lun $naa 1 0 pscsi_0/passed
	write $naa_initiator $loopback/$naa/tpgt_1/nexus
	check "and the write returns" node_at_once $naa 1 0
	write offline $loopback/$naa/tpgt_1/transport_status
	echo 1 >"$(device_of $naa 1 0)/delete"
	write online $loopback/$naa/tpgt_1/transport_status
	! ours || check "and when the port comes online" node_at_once $naa 1 0

	# targetcli restores the group that a LUN is in.
	lun=$loopback/$naa/tpgt_1/lun/lun_0
	for attribute in alua_tg_pt_gp alua_tg_pt_offline alua_tg_pt_status alua_tg_pt_write_md; do
		check "pscsi: $attribute is refused" within 60 refused "" write default_tg_pt_gp "$lun/$attribute"
	done
	remove_tpg $naa 1
	rmdir $core/pscsi_0/passed
	unload_debug
else
	skip "a slow disk" "needs pscsi and scsi_debug"
fi

# A device that does not answer: the link waits for it, but not for ever, and no other link does.
make_mapped held
make_ramdisk beside 8
make_tpg $naa 1 $naa_initiator
make_tpg $naa 2 $naa_initiator
# The second disk of an adapter would wait for the first (doc/hanging.md).
link_lun $naa 2 1 rd_mcp_0/beside
link_lun $naa 2 2 rd_mcp_0/beside
make_tpg $other 1 $naa_initiator
hold_mapped held
start=$SECONDS
begin link_lun $naa 1 0 iblock_0/held
wait_for 60 present $naa 1 0
check "beside a disk that does not answer a LUN is linked" link_lun $naa 2 0 rd_mcp_0/beside
check "so is one of another target" link_lun $other 1 0 rd_mcp_0/beside
! ours || check "neither waits for the first" kill -0 "$load"
check "the first link ends, too" wait_for "$(ours && echo 20 || echo 60)" has_ended
check "the others have their disks" wait_for 60 node_at_once $naa 2 0
took=$((SECONDS - start))
end
check "without an error" ended_well
if ours; then
	check "not before some 10 s (took $took s)" test $took -ge 9
	check "the log tells of it" logged "$naa tpgt_1 lun_0: its block device is not there after 10 s"
fi
resume_mapped held
check "its disk is there when the device answers" wait_for 60 node_at_once $naa 1 0
check "it is unlinked" unlink_lun $naa 1 0
remove_tpg $naa 2
unlink_lun $other 1 0

# As programs do that make disks from a daemon: the link, then 50 looks for the block device, 10 ms apart.
busy() {
	local n
	for n in 1 2 3 4; do
		while [ -e /tmp/go-on ]; do :; done &
	done
	wait
}
scan_all() { # of all hosts, as long as told
	local host
	while [ -e /tmp/go-on ]; do
		for host in /sys/class/scsi_host/host*; do
			echo "- - -" >"$host/scan"
		done
	done
	return 0
} 2>/dev/null
look() { # look WWN TPGT LUN: a line for each look in vain
	local n
	for ((n = 0; n < 50; n++)); do
		[ -e "$(device_of "$@")/block" ] && return
		echo in vain >>/tmp/looks # a check is a subshell
		sleep 0.01
	done
	return 1
}
attach() { # attach TIMES
	local n
	for ((n = 0; n < $1; n++)); do
		link_lun $naa 1 0 rd_mcp_0/beside && look $naa 1 0 && unlink_lun $naa 1 0 || return
	done
}
: >/tmp/looks
touch /tmp/go-on
begin busy
check "a busy machine: 20 disks are found by who looks for half a second" attach 20
! ours || check_equal "each at the first look" 0 "$(wc -l </tmp/looks)"
rm -f /tmp/go-on
end

# A scan of all hosts finds no disk twice, and loses none.
disks() { find /sys/bus/scsi/devices/ -name "$(host_of $1 1):0:1:*" | wc -l; } # disks WWN
link_many() { # link_many WWN
	local n
	for n in {0..15}; do
		link_lun "$1" 1 $n rd_mcp_0/beside || return
	done
}
unlink_many() {
	local n
	for n in {0..15}; do
		unlink_lun "$1" 1 $n || return
	done
}
touch /tmp/go-on
begin scan_all
link_many $other >/tmp/other.log 2>&1 &
second=$!
check "all hosts are scanned: 16 LUNs are linked" link_many $naa
wait $second
check_equal "and 16 of another target meanwhile" 0 $?
check_equal "each has its disk" 16,16 "$(disks $naa),$(disks $other)"
check "they are unlinked" unlink_many $naa
check "and the others" unlink_many $other
rm -f /tmp/go-on
end
check "the scan ends" ended_well
# A scan keeps LUN 0 of a port that has a nexus, to ask it for its LUNs.
none_left() { ! ls -d "/sys/bus/scsi/devices/$(host_of $naa 1):0:1:"*/block "/sys/bus/scsi/devices/$(host_of $other 1):0:1:"*/block 2>/dev/null; }
check "no disk is left" none_left
remove_tpg $naa 1

if command -v tcmu-runner >/dev/null && modprobe -q target_core_user; then
	start_tcmu_runner
	make_user slow 8
	make_tpg $naa 1 $naa_initiator
	link_lun $naa 1 0 user_0/slow
	! ours || check "TCMU: its block device is there when the link returns" node_at_once $naa 1 0
	answered() { write "$1" "$2" || refused "" write "$1" "$2"; }
	for attribute in alua_tg_pt_gp alua_tg_pt_offline alua_tg_pt_status alua_tg_pt_write_md; do
		check "TCMU: $attribute is answered" within 60 answered default_tg_pt_gp $loopback/$naa/tpgt_1/lun/lun_0/$attribute
	done
	remove_tpg $naa 1
else
	skip "TCMU" "needs tcmu-runner and its module"
fi
finish
