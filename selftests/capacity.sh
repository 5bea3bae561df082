#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A backstore whose size changes: after the next command its disk has the new size without a rescan by hand, and a
# program that sends commands itself is told by a unit attention, once for each I_T nexus.
. "$(dirname "$0")/clients.sh"
begin_test
load_module
needs_mapped sg_raw
leave() {
	resume_mapped grows
	clean_up
	jobs -pr | xargs -r kill -KILL
	dmsetup remove --retry grows
	rmmod scsi_debug
	rm -f /tmp/capacity.img
} 2>/dev/null
trap leave EXIT

resize() { # resize MIB: the device "grows"
	dmsetup reload grows --table "0 $(($1 * 2048)) linear /dev/ram0 0" && dmsetup suspend --nolockfs grows && dmsetup resume grows || failed "$@"
}
has_size() { # has_size DISK MIB
	equal $(($2 * 2048)) "$(cat "/sys/block/${1#/dev/}/size")"
}
comes_to() { wait_for 10 has_size "$@"; } # comes_to DISK MIB
stays_at() { sleep 3; has_size "$@"; } # stays_at DISK MIB
read_block() { dd if="$1" of=/dev/null bs=4k count=1 skip="${2:-0}" iflag=direct status=none; } # read_block DISK [NUMBER]
reply() { sg_raw --request=64 "$@" 2>&1; } # reply SG CDB...
attention() { has "apacity data has changed" "$(reply "$1" 00 00 00 00 00 00)"; } # attention SG: is the next command's answer
quiet() { has "Good" "$(reply "$1" 00 00 00 00 00 00)"; } # quiet SG: the next command is executed
told_once() { attention "$1" && quiet "$1"; } # told_once SG

dmsetup create grows --table "0 32768 linear /dev/ram0 0" || failed
[ -b /dev/mapper/grows ] || dmsetup mknodes grows
begin_disk() { # begin_disk NAME BACKSTORE: LUN 0 of two TPGs
	name=$1 backstore=$2
	link_lun $naa 1 0 "$2"
	disk=$(disk_of $naa 1 0) sg=$(sg_of $naa 1 0)
	link_lun $naa 2 0 "$2"
	other=$(disk_of $naa 2 0) other_sg=$(sg_of $naa 2 0)
	at_rest "$disk"
	at_rest "$other"
	check "$name: 16 MiB at first" has_size "$disk" 16
	sleep 2 # what the scan sent is compared with the old size by then
}
end_disk() {
	check "$name: it is unlinked" unlink_lun $naa 1 0
	check "$name: and the other" unlink_lun $naa 2 0
	check "$name: its backstore is freed" rmdir "$core/$backstore"
}
make_tpg $naa 1 $naa_initiator
make_tpg $naa 2 $naa_initiator

follows() { # follows RESIZE: the disk has what RESIZE MIB makes of the backstore
	check "$name: it grows" "$1" 24
	read_block "$disk"
	check "$name: so does its disk after a read" comes_to "$disk" 24
	check "$name: a program is told once" told_once "$sg"
	check "$name: the other path has not been asked" has_size "$other" 16
	check "$name: its program's next command is told" attention "$other_sg"
	check "$name: and by that it has the size" comes_to "$other" 24
	check "$name: what is new can be read" read_block "$disk" 5000
	check "$name: a program is told nothing more" quiet "$sg"

	check "$name: it shrinks" "$1" 16
	check "$name: INQUIRY is answered all the same" has "Good" "$(reply "$sg" 12 00 00 00 40 00)"
	check "$name: so is REPORT LUNS" has "Good" "$(reply "$sg" a0 00 00 00 00 00 00 00 00 40 00 00)"
	check "$name: and REQUEST SENSE" has "Good" "$(reply "$sg" 03 00 00 00 20 00)"
	check "$name: a program is told once" told_once "$sg"
	check "$name: and the disk shrinks" comes_to "$disk" 16
	check "$name: no reader sees what is gone" refused "" read_block "$disk" 5000
	check "$name: nor is its program told again" quiet "$sg"
	check "$name: the other path is scanned again by hand" write 1 "/sys/block/${other#/dev/}/device/rescan"
	check "$name: so it has the size" has_size "$other" 16
	check "$name: and its program is told all the same" told_once "$other_sg"
}

make_iblock grows /dev/mapper/grows
begin_disk iblock iblock_0/grows
follows resize
# Under I/O, once and again.
begin verify "$disk" --size=8m --loops=50
for size in 20 28 16; do
	check "$name: $size MiB under I/O" resize $size
	check "$name: the disk follows" comes_to "$disk" $size
done
end
check "$name: the I/O ends well" ended_well
take_attentions "$sg" "$other_sg"

# Nobody looks while it is offline, or it would have no size.
check "$name: it grows while the port is offline" write offline $loopback/$naa/tpgt_1/transport_status
resize 24
read_block "$disk" 2>/dev/null
check "$name: the disk stays as it is" stays_at "$disk" 16
write online $loopback/$naa/tpgt_1/transport_status
read_block "$disk"
check "$name: and follows when the port is online" comes_to "$disk" 24
take_attentions "$sg" "$other_sg"

# A backstore that does not answer is not asked for its size: its device is.
read_block "$other"
check "$name: the other path follows" comes_to "$other" 24
resize 16
hold_mapped grows || failed
begin read_block "$disk"
check "$name: the disk follows while its reads are held" comes_to "$disk" 16
ended_now() { ! has_ended || { echo "it has ended"; return 1; }; }
check "$name: and the read is still held" ended_now
resume_mapped grows
end
check "$name: it ends well" ended_well
# A size that changes again and again while the LUN is unlinked.
for size in 24 16 24 16; do
	resize $size
	read_block "$other"
	sleep 0.3
done
end_disk

# fileio over a block device has the device's size; over a file, that which it is told.
make_backstore fileio_0/grows "fd_dev_name=/dev/mapper/grows,fd_dev_size=$((16 << 20))"
begin_disk "fileio over a device" fileio_0/grows
follows resize
end_disk
make_fileio file 16 /tmp/capacity.img
begin_disk "fileio over a file" fileio_0/file
truncate -s 24M /tmp/capacity.img
read_block "$disk"
check "$name: keeps its size" stays_at "$disk" 16
check "$name: and nobody is told" quiet "$sg"
resize_file() { truncate -s "$1M" /tmp/capacity.img && write "fd_dev_size=$(($1 << 20))" $core/fileio_0/file/control; } # resize_file MIB
follows resize_file
end_disk
rm -f /tmp/capacity.img

# The kernel and the program have the new size at once.
if modprobe -q target_core_user; then
	truncate -s 24M /tmp/capacity.img
	make_backstore user_0/user "dev_config=program,dev_size=$((16 << 20)),nl_reply_supported=-1"
	begin "$(dirname "$0")/tcmu.py" user /tmp/capacity.img
	resize_image() { write $(($1 << 20)) $core/user_0/user/attrib/dev_size; } # resize_image MIB
	begin_disk TCMU user_0/user
	follows resize_image
	end_disk
	check "$name: its program ends with it" wait_for 30 has_ended
	has_ended || kill -KILL "$load"
	end
	rm -f /tmp/capacity.img
else
	skip TCMU "needs target_core_user"
fi

# A device that is gone has no size, but its disk keeps the one that it had.
if modprobe -qn scsi_debug && load_debug disk dev_size_mb=16; then
	make_iblock gone "$(debug_disk)"
	begin_disk "a device that is removed" iblock_0/gone
	echo 1 >"/sys/bus/scsi/devices/$(debug_device)/delete"
	read_block "$disk" 2>/dev/null
	check "$name: the disk keeps its size" stays_at "$disk" 16
	end_disk
	check "$name: it goes" unload_debug
else
	skip "a device that is removed" "needs scsi_debug"
fi
finish
