#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What /sys/block/sdX/queue says of a disk over a block device, file by file, beside what it says of that device: the
# table below has each file and why.  A file that a newer kernel adds and the table does not have is red.
. "$(dirname "$0")/clients.sh"
begin_test
load_module
needs_mapped
trap 'clean_up; dmsetup remove --retry stripe 2>/dev/null; [ -z "$loop" ] || losetup --detach $loop; rm -f /tmp/queue.img; rmmod scsi_debug 2>/dev/null' EXIT
loop=''

# same: as the device below; least, most: at least or at most that; ours: of the SCSI layer or this module, whatever
# is below.  A device to which SCSI commands are handed on (pscsi): the last word, if it is another.
rules='
add_random ours: no disk of its own has interrupts to take entropy from
async_depth ours: of an I/O scheduler
atomic_write_boundary_bytes most: of a target core that knows WRITE ATOMIC (6.17), and none without
atomic_write_max_bytes most: likewise
atomic_write_unit_max_bytes most: likewise
atomic_write_unit_min_bytes most: likewise
chunk_sectors ours: SCSI has no word for it but of zones; the block layer splits below
dax ours: none
discard_granularity same: with attrib/emulate_tpu
discard_max_bytes most: with attrib/emulate_tpu
discard_max_hw_bytes most: likewise
discard_zeroes_data ours: always 0
dma_alignment least: iblock hands segments on as they are; a whole block, since what the device wants cannot be had
fua ours: the block layer below flushes where a device cannot
hw_sector_size same: logical_block_size
io_poll ours: of polled queues
io_poll_delay ours: likewise
io_timeout ours: of the SCSI disk
iostats ours: a switch
iostats_passthrough ours: likewise
logical_block_size same: that of the backstore, attrib/block_size
max_discard_segments most: a command has one range
max_hw_sectors_kb ours: what the host takes; the block layer splits below
max_integrity_segments ours: of the host
max_sectors_kb ours: likewise, see limits.sh
max_segment_size ours: as long as memory is contiguous
max_segments ours: of the host
max_write_streams ours: none
minimum_io_size same: OPTIMAL TRANSFER LENGTH GRANULARITY
nomerges ours: a switch
nr_requests ours: of the host
nr_zones same: none
optimal_io_size same: OPTIMAL TRANSFER LENGTH
physical_block_size same: READ CAPACITY(16)
read_ahead_kb ours: a setting
rotational same: MEDIUM ROTATION RATE
rq_affinity ours: a switch
scheduler ours: none, since the device below has one
stable_writes ours: cannot be told by SCSI but of protection information; see doc/io-path.md
throttle_sample_time ours: a setting
virt_boundary_mask ours: the block layer splits below; of a device of pscsi, whole pages
wbt_lat_usec ours: a setting
write_cache same: MODE SENSE
write_same_max_bytes ours: MAXIMUM WRITE SAME LENGTH; the target core writes what a device cannot repeat
write_stream_granularity ours: none
write_zeroes_max_bytes ours: MAXIMUM WRITE SAME LENGTH; the block layer below writes zeros where a device cannot
write_zeroes_unmap_max_bytes most: WRITE SAME does not unmap
write_zeroes_unmap_max_hw_bytes most: likewise
zone_append_max_bytes same: none
zone_write_granularity same: none
zoned same: none'

value() { cat "/sys/block/${1#/dev/}/queue/$2" 2>/dev/null; } # value DISK FILE
aligned() { cat "/sys/block/${1#/dev/}/alignment_offset"; } # aligned DISK: the bytes before the first physical block
keeps() { # keeps RULE ABOVE BELOW
	case $1 in
	same) equal "$3" "$2" ;;
	least) [ "$2" -ge "$3" ] || { echo "$2, less than $3"; return 1; } ;;
	most) [ "$2" -le "$3" ] || { echo "$2, more than $3"; return 1; } ;;
	ours) [ -n "$2" ] ;;
	*) echo "the table has no such file: $2, below $3"; return 1 ;;
	esac
}
as_below() { # as_below NAME DEVICE BACKSTORE: LUN 0 over it, and the device that it is made of
	local file rule disk
	link_lun $naa 1 0 "$3"
	disk=$(disk_of $naa 1 0)
	at_rest "$disk"
	for file in "/sys/block/${disk#/dev/}"/queue/*; do
		[ -f "$file" ] || continue
		file=${file##*/}
		rule=$(sed -n "s/^$file \([a-z]*\): .*/\1/p" <<<"$rules")
		[ "$rule" = ours ] || check "$1: $file: ${rule:-unknown}" keeps "$rule" "$(value "$disk" "$file")" "$(value "$2" "$file")"
	done
	check_equal "$1: alignment_offset" "$(aligned "$2")" "$(aligned "$disk")"
	check "$1: it is unlinked" unlink_lun $naa 1 0
	check "$1: its backstore is freed" rmdir "$core/$3"
}
thin() { ! echo 1 2>/dev/null >"$core/iblock_0/$1/attrib/emulate_tpu" || true; } # thin NAME: if the device below can UNMAP

make_tpg $naa 1 $naa_initiator
make_iblock memory /dev/ram0
thin memory
as_below brd /dev/ram0 iblock_0/memory

modprobe -q loop
truncate -s 16M /tmp/queue.img
if loop=$(losetup --show --find --sector-size 4096 /tmp/queue.img 2>/dev/null); then
	make_iblock file "$loop"
	thin file
	as_below "loop, 4096" "$loop" iblock_0/file
else
	skip "loop, 4096" "there is no loop device of such blocks"
fi

if dmsetup create stripe --table "0 32736 striped 1 248 /dev/ram0 0"; then
	[ -b /dev/mapper/stripe ] || dmsetup mknodes stripe
	below=/dev/$(basename "$(readlink -f /dev/mapper/stripe)")
	make_iblock stripe /dev/mapper/stripe
	thin stripe
	as_below "a stripe" "$below" iblock_0/stripe
fi

each_debug() { # each_debug NAME PARAMETER...: iblock and pscsi over a SCSI disk
	local name=$1 device
	shift
	check "$name" load_debug disk dev_size_mb=64 "$@"
	device=$(debug_disk)
	make_iblock scsi "$device"
	thin scsi
	as_below "$name, iblock" "$device" iblock_0/scsi
	make_pscsi scsi "$(debug_device)" "$device"
	as_below "$name, pscsi" "$device" pscsi_0/scsi
	check "$name: it goes" unload_debug
}
if modprobe -qn scsi_debug; then
	each_debug "512 in 4096, thin" physblk_exp=3 lbpu=1 lbpws=1 unmap_granularity=8 unmap_alignment=2 opt_blks=64
	each_debug "4096, thick, one tag" sector_size=4096 opt_blks=0 max_queue=1
	name="512 over 4096 in 16384"
	check "$name" load_debug disk dev_size_mb=64 sector_size=4096 physblk_exp=2 lowest_aligned=3
	make_iblock scsi "$(debug_disk)"
	if echo 512 2>/dev/null >$core/iblock_0/scsi/attrib/block_size; then
		link_lun $naa 1 0 iblock_0/scsi
		disk=$(disk_of $naa 1 0)
		at_rest "$disk"
		check_equal "$name: physical_block_size" 16384 "$(value "$disk" physical_block_size)"
		check_equal "$name: alignment_offset" 12288 "$(aligned "$disk")"
		check "$name: it is unlinked" unlink_lun $naa 1 0
	else
		skip "$name" "this core takes no other block size"
	fi
	rmdir $core/iblock_0/scsi
	check "$name: it goes" unload_debug
else
	skip "a SCSI disk" "needs scsi_debug"
fi
finish
