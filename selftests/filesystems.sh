#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A file system whose disk goes offline under load: the writer gets an error, it can be unmounted, and when the
# disk is back it mounts again, is clean, and has all that fsync() had said to be there.
. "$(dirname "$0")/clients.sh"
begin_test
load_module
work=$(mktemp -d)
mount=$work/mount
mkdir "$mount"
trap 'umount "$mount" 2>/dev/null; rm -rf "$work"; clean_up' EXIT
head -c 256k /dev/urandom >"$work/data"

is_clean() { # is_clean TYPE DISK
	case $1 in
	ext4) e2fsck -fn "$2" ;;
	xfs) xfs_repair -n "$2" ;;
	btrfs) btrfs check --readonly "$2" ;;
	esac
}
writes() { # file after file, until one fails; the list has those that were synced
	local number=0
	while dd if="$work/data" of="$mount/$number" bs=64k conv=fsync status=none; do
		echo $number >>"$work/list"
		number=$((number + 1))
	done
}
all_there() {
	local number
	while read -r number; do
		cmp "$work/data" "$mount/$number" || return
	done <"$work/list"
}
some_written() { test -s "$work/list"; }

for type in ext4 xfs btrfs; do
	if ! command -v mkfs.$type >/dev/null || ! { modprobe -q $type || grep -qw $type /proc/filesystems; }; then
		skip "$type" "needs mkfs.$type and a kernel with $type"
		continue
	fi
	make_ramdisk $type 320
	make_tpg $iqn 1 $iqn_initiator
	link_lun $iqn 1 0 rd_mcp_0/$type
	disk=$(disk_of $iqn 1 0)
	at_rest "$disk"
	: >"$work/list"
	check "$type: mkfs" mkfs.$type -q "$disk"
	check "$type: mount" mount -t $type "$disk" "$mount" || continue
	begin writes
	check "$type: files are written" wait_for 60 some_written
	sleep 1
	check "$type: and there is room for more" kill -0 "$load"
	check "$type: the disk goes offline" write offline $loopback/$iqn/tpgt_1/transport_status
	check "$type: the writer gets an error" wait_for 60 has_ended || kill "$load"
	end
	check "$type: unmount" umount "$mount"
	check "$type: no process waits" no_process_waits
	check "$type: the disk is back" write online $loopback/$iqn/tpgt_1/transport_status
	check "$type: mount" mount -t $type "$disk" "$mount"
	say "$type: $(wc -l <"$work/list") files had been synced"
	check "$type: what was synced is there" all_there
	check "$type: it can be written" dd if="$work/data" of="$mount/new" conv=fsync status=none
	check "$type: unmount" umount "$mount"
	check "$type: it is clean" is_clean $type "$disk"
	remove_tpg $iqn 1
	rmdir "$loopback/$iqn" "$core/rd_mcp_0/$type"
done
finish
