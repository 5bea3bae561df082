#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A target of each protocol: made, used through fio and a file system, removed,
# and the module unloaded after all.
. "$(dirname "$0")/clients.sh"
begin_test
load_module

file_system() {
	local disk=$1 dir
	dir=$(mktemp -d)
	mkfs.ext4 -q "$disk" &&
		mount "$disk" "$dir" &&
		dd if=/dev/urandom of="$dir/data" bs=1M count=8 status=none &&
		sha256sum "$dir/data" >/tmp/sum &&
		umount "$dir" &&
		echo 3 >/proc/sys/vm/drop_caches &&
		mount "$disk" "$dir" &&
		sha256sum -c --quiet /tmp/sum &&
		umount "$dir" &&
		fsck.ext4 -fn "$disk" >/dev/null
}

check "the module is this project's" grep -q . /sys/module/tcm_loop/version

one_protocol() {
	local what=$1 wwn=$2 initiator=$3 host device disk adapter
	make_ramdisk "life-$what" 64
	check "$what: make a target, a TPG and a nexus" make_tpg "$wwn" 1 "$initiator"
	check "$what: link a LUN" link_lun "$wwn" 1 0 "rd_mcp_0/life-$what"
	disk=$(disk_of "$wwn" 1 0)
	check "$what: the disk appears ($disk)" test -b "$disk"

	host=$(host_of "$wwn" 1)
	device=$(readlink -f "$(device_of "$wwn" 1 0)")
	adapter=$(sed -E 's#.*/(tcm_loop_adapter_[0-9]+)/.*#\1#' <<<"$device")
	check_equal "$what: its place in sysfs" \
		"/sys/devices/tcm_loop_0/$adapter/host$host/target$host:0:1/$host:0:1:0" "$device"
	check_equal "$what: the host's name" tcm_loopback "$(cat "/sys/class/scsi_host/host$host/proc_name")"
	if [ -d /proc/scsi ]; then
		check "$what: the host's line in /proc tells the target" grep -q "${wwn#fc.}" "/proc/scsi/tcm_loopback/$host"
	else
		skip "$what: the host's line in /proc tells the target" "this kernel has no CONFIG_SCSI_PROC_FS"
	fi
	check_equal "$what: the size is the backstore's" $((64 << 20)) "$(blockdev --getsize64 "$disk")"
	check "$what: fio reads back what it wrote" verify "$disk"
	check "$what: a file system keeps its data" file_system "$disk"

	check "$what: unlink the LUN" unlink_lun "$wwn" 1 0
	check "$what: the disk is gone" test ! -e "$device"
	check "$what: drop the nexus" write NULL "$loopback/$wwn/tpgt_1/nexus"
	check "$what: remove the TPG" rmdir "$loopback/$wwn/tpgt_1"
	check "$what: remove the target" rmdir "$loopback/$wwn"
	check "$what: the adapter is gone" test ! -e "/sys/devices/tcm_loop_0/$adapter"
	[ ! -d /proc/scsi ] || check "$what: and its line in /proc" test ! -e "/proc/scsi/tcm_loopback/$host"
}

protocol SAS $naa $naa_initiator
protocol FC $fc $fc_initiator
protocol iSCSI $iqn $iqn_initiator

check "unload the module" unload_module
[ ! -d /proc/scsi ] || check "nothing of it is left in /proc" test ! -e /proc/scsi/tcm_loopback
# The work queue's rescuer; a worker may still have the name of what it did last.
check "no work queue of it is left" refused "" grep -qsE '^(kworker/R-tcm_l|tcm_loop_s)' /proc/[0-9]*/comm
check "load it again" load_module
finish
