#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# How large the commands of a disk may be: over iblock without protection information as the host takes them,
# whatever the device below takes at once; else as the target core says.  Data is whole then, and a bad block costs
# its reader no other.
. "$(dirname "$0")/clients.sh"
begin_test
load_module
needs_mapped sg_raw
trap 'clean_up; for name in stripe bad; do dmsetup remove --retry $name; done 2>/dev/null; remove_null; detach; rmmod scsi_debug 2>/dev/null' EXIT
nulls=/sys/kernel/config/nullb loops=()

make_null() { # make_null NUMBER SECTORS: /dev/nullbNUMBER, of 64 MiB, which takes so much at once; 0: as much as it does by itself
	local dev=$nulls/nullb$1
	mkdir "$dev" && write 64 "$dev/size" && write 1 "$dev/memory_backed" && { [ "$2" = 0 ] || write "$2" "$dev/max_sectors"; } &&
		write 1 "$dev/power" && wait_for 60 test -b "/dev/nullb$1" || failed "$@"
}
remove_null() {
	local dev
	for dev in "$nulls"/nullb*; do
		[ ! -d "$dev" ] || rmdir "$dev"
	done
	[ ! -e /sys/module/null_blk ] || wait_for 30 rmmod null_blk
}
make_loop() { # make_loop BLOCK_SIZE: the last of $loops is a new one, of 64 MiB
	local loop
	truncate -s 64M "/tmp/limits-$1.img" && loop=$(losetup --show --find --sector-size "$1" "/tmp/limits-$1.img") && loops+=("$loop")
}
detach() {
	local loop
	for loop in "${loops[@]}"; do losetup --detach "$loop"; done
	rm -f /tmp/limits-*.img
}

queue() { cat "/sys/block/${disk#/dev/}/queue/$1"; } # queue NAME: of $disk
attrib() { cat "$core/$backstore/attrib/$1" 2>/dev/null; } # attrib NAME: of $backstore; nothing if this core has none
field() { echo $((16#${page:$1 * 2:$2 * 2})); } # field BYTE COUNT: of $page
block_limits() { sg_raw --request=64 --binary "$sg" 12 01 b0 00 40 00 2>/dev/null | od -An -v -tx1 | tr -d ' \n'; }

capacity() { # capacity LENGTH: the last byte of READ CAPACITY(16), of so many
	echo $((16#$(sg_raw --request=32 --binary "$sg" 9e 10 00 00 00 00 00 00 00 00 00 00 00 "$(printf %02x "$1")" 00 00 2>/dev/null | tail -c 1 | od -An -v -tx1 | tr -d ' ')))
}

begin_disk() { # begin_disk NAME HBA/BACKSTORE: LUN 0 over it is $disk and $sg, and $page its Block Limits page
	name=$1 backstore=$2
	link_lun $naa 1 0 "$2"
	disk=$(disk_of $naa 1 0) sg=$(sg_of $naa 1 0)
	at_rest "$disk"
	page=$(block_limits)
	size=$((${#page} / 2))
	block=$(attrib block_size)
	core_maximum=$(($(attrib hw_max_sectors) * $(attrib hw_block_size) / block))
}
end_disk() {
	check "$name: it is unlinked" unlink_lun $naa 1 0
	check "$name: its backstore is freed" rmdir "$core/$backstore"
}

as_the_core_says() { # as_the_core_says OPTIMAL
	check_equal "$name: MAXIMUM TRANSFER LENGTH is the target core's" $core_maximum "$(field 8 4)"
	check_equal "$name: OPTIMAL TRANSFER LENGTH is the target core's" "$1" "$(field 12 4)"
}
# What COMPARE AND WRITE, UNMAP, WRITE SAME and WRITE ATOMIC take, where the page tells: as the backstore's attributes say.
same_others() {
	local at length what value
	while read -r at length what; do
		value=$(attrib "$what")
		[ -n "$value" ] && [ $((at + length)) -le "$size" ] || continue
		[ "$at" -lt 20 ] || [ "$at" -gt 35 ] || [ "$(attrib emulate_tpu)" = 1 ] || continue
		[ "$what" != atomic_max_len ] || [ "$value" -le $core_maximum ] || value=$core_maximum
		check_equal "$name: $what is told" "$value" "$(field "$at" "$length")"
	done <<<"5 1 emulate_caw
20 4 max_unmap_lba_count
24 4 max_unmap_block_desc_count
28 4 unmap_granularity
36 8 max_write_same_len
44 4 atomic_max_len
48 4 atomic_alignment
52 4 atomic_granularity
56 4 atomic_max_with_boundary
60 4 atomic_max_boundary"
}
large() { # large OPTIMAL [MAX_SECTORS_KB]: sd may send all that the host takes
	check_equal "$name: MAXIMUM TRANSFER LENGTH is what the host takes, not $core_maximum" $((65535 * 512 / block)) "$(field 8 4)"
	check_equal "$name: OPTIMAL TRANSFER LENGTH" "$1" "$(field 12 4)"
	check_equal "$name: optimal_io_size" $(($1 * block)) "$(queue optimal_io_size)"
	check_equal "$name: max_sectors_kb" "${2:-$default}" "$(queue max_sectors_kb)"
	check_equal "$name: max_segments" 256 "$(queue max_segments)"
	check_equal "$name: max_segment_size" 4294967295 "$(queue max_segment_size)"
	same_others
}

commands() { # commands NUMBER LAYOUT: it is written and read right, with so many commands
	local counts
	udevadm settle --timeout=60 # which reads what has been written to
	counts=$(./limits.py "$disk" "$below" "$2" 2>&1) || { echo "$counts"; return 1; }
	equal "$1 $1" "$counts"
}
moves() { # moves LAYOUT: likewise, with any number
	./limits.py "$disk" "$below" "$1" 2>&1
}
huge_pages() { # huge_pages NUMBER: are there so many now?
	{ echo "$1" >/proc/sys/vm/nr_hugepages && [ "$(cat /proc/sys/vm/nr_hugepages)" = "$1" ]; } 2>/dev/null
}
data() { # data BELOW: of $disk, whose backstore is the device BELOW
	below=$1
	check "$name: 1 MiB in 256 pages is one command" commands 1 pages
	[ "$block" != 512 ] || check "$name: 128 KiB in 256 blocks is one command" commands 1 blocks
	[ "$block" != 512 ] || check "$name: 1 MiB but 512 bytes, that begins anywhere" moves odd
	[ "$block" != 512 ] || check "$name: 6 MiB" moves large
	check "$name: random sizes, 16 at once" verify "$disk" --bsrange=4k-2m --size=12m
	if huge_pages 15; then
		# In whole blocks, which is the most for older kernels.
		write $(($(queue max_hw_sectors_kb) / 4 * 4)) "/sys/block/${disk#/dev/}/queue/max_sectors_kb"
		check "$name: 30 MiB in huge pages is one command" commands 1 huge
	else
		skip "$name: 30 MiB in huge pages is one command" "this machine has not so many"
	fi
	huge_pages 0
}

make_tpg $naa 1 $naa_initiator

# What has no limit of its own says what sd sends by default; no other backstore is asked for more than it takes.
make_ramdisk memory 8
begin_disk memory rd_mcp_0/memory
as_the_core_says 0
default=$(queue max_sectors_kb) segment=$(queue max_segment_size)
end_disk
make_fileio file 8 /tmp/limits-file.img
write 128 $core/fileio_0/file/attrib/optimal_sectors
begin_disk file fileio_0/file
as_the_core_says 128
check_equal "$name: the page is whole, though the disk cannot UNMAP" 64 "$size"
same_others
check_equal "$name: max_write_same_blocks is what its WRITE SAME takes" "$(attrib max_write_same_len)" "$(cat "$(device_of $naa 1 0)"/scsi_disk/*/max_write_same_blocks)"
echo "$0: mkfs" >/dev/kmsg
check "$name: a file system is made" mkfs.ext4 -q -F "$disk"
check_equal "$name: without a refusal in the log" 0 "$(dmesg | sed "1,\\|$0: mkfs|d" | grep -c max_write_same_len)"
check_equal "$name: max_segment_size is as it was" "$segment" "$(queue max_segment_size)"
# An older sd sends no more than is optimal.
takes=$(queue max_sectors_kb)
[ "$takes" = 64 ] || check_equal "$name: max_sectors_kb" "$default" "$takes"
end_disk
at_most() { [ "$takes" = 64 ] && echo "$1" || echo "$default"; } # at_most KIB: that are optimal

make_iblock brd /dev/ram0
echo 1 2>/dev/null >$core/iblock_0/brd/attrib/emulate_tpu
begin_disk brd iblock_0/brd
check "$name: the device below takes less at once" test $core_maximum -lt 2048
large 0
data /dev/ram0
end_disk

modprobe -q null_blk nr_devices=0
number=0
for sectors in 0 254 8192; do
	what="null_blk, $sectors sectors"
	if [ ! -e $nulls/features ] || { [ $sectors != 0 ] && ! grep -q max_sectors $nulls/features; }; then
		skip "$what" "this kernel's has no such limit"
		continue
	fi
	make_null $number $sectors
	make_iblock null /dev/nullb$number
	begin_disk "$what" iblock_0/null
	large 0
	data /dev/nullb$number
	end_disk
	number=$((number + 1))
done

modprobe -q loop
for size in 512 4096; do
	if ! make_loop $size 2>/dev/null; then
		skip "loop, $size" "there is no loop device of such blocks"
		continue
	fi
	make_iblock loop "${loops[-1]}"
	echo 1 2>/dev/null >$core/iblock_0/loop/attrib/emulate_tpu
	begin_disk "loop, $size" iblock_0/loop
	large 0
	data "${loops[-1]}"
	end_disk
done

# Blocks of 512 bytes over a device of 4096: read and written eight at once, and told so.
if make_loop 4096 2>/dev/null; then
	make_iblock small "${loops[-1]}"
	if echo 512 2>/dev/null >$core/iblock_0/small/attrib/block_size; then
		begin_disk "512 over 4096" iblock_0/small
		check_equal "$name: logical_block_size" 512 "$(queue logical_block_size)"
		check_equal "$name: physical_block_size" 4096 "$(queue physical_block_size)"
		check_equal "$name: minimum_io_size" 4096 "$(queue minimum_io_size)"
		check "$name: READ CAPACITY(16)" has "Logical blocks per physical block exponent=3" "$(sg_readcap --long "$disk")"
		for length in 13 14; do
			check_equal "$name: of $length bytes" $((length == 14 ? 3 : 0)) "$(capacity $length)"
		done
		check "$name: what is aligned is written and read" verify "$disk" --bsrange=4k-256k --size=12m
		check "$name: a line says so" has "blocks of 512 bytes" "$(dmesg)"
		end_disk
	else
		skip "512 over 4096" "this core takes no other block size"
		rmdir $core/iblock_0/small
	fi
else
	skip "512 over 4096" "there is no loop device of such blocks"
fi

# An optimal size that the device below reports is handed on, also if it is as much as it takes at once.  With larger
# pages /dev/ram0 takes 64 KiB at once, which is what sd takes for an optimal size at least, and which the core sets itself.
if [ "$page_size" = 4096 ]; then
	if dmsetup create stripe --table "0 32736 striped 1 248 /dev/ram0 0"; then
		[ -b /dev/mapper/stripe ] || dmsetup mknodes stripe
		make_iblock stripe /dev/mapper/stripe
		begin_disk "an optimal size" iblock_0/stripe
		check_equal "$name: is the maximum below" 248 $core_maximum
		large 248 "$(at_most 124)"
		end_disk
		dmsetup remove --retry stripe
	else
		skip "an optimal size" "needs dm-stripe"
	fi
	make_iblock user /dev/ram0
	write 128 $core/iblock_0/user/attrib/optimal_sectors
	begin_disk "the user's optimal size" iblock_0/user
	large 128 "$(at_most 64)"
	end_disk
else
	skip "an optimal size" "pages of $page_size bytes"
fi

if modprobe -qn scsi_debug; then
	atomic=()
	! modinfo scsi_debug | grep -q "^parm: *atomic_wr:" || atomic=(atomic_wr=1)
	check "a SCSI disk" load_debug disk dev_size_mb=64 max_queue=2 opt_blks=0 lbpu=1 "${atomic[@]}"
	make_iblock scsi "$(debug_disk)"
	echo 1 2>/dev/null >$core/iblock_0/scsi/attrib/emulate_tpu
	begin_disk "SCSI, two tags" iblock_0/scsi
	large 0
	data "$(debug_disk)"
	end_disk
	check "$name: it goes" unload_debug
	check "a SCSI disk with protection information" load_debug disk dev_size_mb=64 opt_blks=0 dif=1 dix=1
	make_iblock dif "$(debug_disk)"
	begin_disk DIF iblock_0/dif
	check_equal "$name: it has" 1 "$(attrib pi_prot_type)"
	as_the_core_says "$(attrib optimal_sectors)"
	check_equal "$name: max_segment_size is as it was" "$segment" "$(queue max_segment_size)"
	end_disk
	check "$name: it goes" unload_debug
else
	skip "a SCSI disk, with and without protection information" "needs scsi_debug"
fi

# The fabric's own protection information, which the core makes and checks.
make_iblock fabric /dev/ram0
make_tpg $fc 1
if [ -e $loopback/$fc/tpgt_1/attrib/fabric_prot_type ] && echo 1 2>/dev/null >$loopback/$fc/tpgt_1/attrib/fabric_prot_type; then
	write $fc_initiator $loopback/$fc/tpgt_1/nexus
	link_lun $fc 1 0 iblock_0/fabric
	fabric_disk=$(disk_of $fc 1 0)
	at_rest "$fabric_disk"
	check "fabric_prot_type=1: random sizes, 16 at once" verify "$fabric_disk" --bsrange=4k-2m --size=12m
fi
check "fabric_prot_type: it goes" remove_tpg $fc 1
rmdir $loopback/$fc $core/iblock_0/fabric

# A bad block under a large command.
dmsetup create bad --table "0 32768 linear /dev/ram0 0" || failed
[ -b /dev/mapper/bad ] || dmsetup mknodes bad
dd if=/dev/urandom of=/dev/mapper/bad bs=1M count=4 oflag=direct status=none
dd if=/dev/mapper/bad of=/tmp/limits-good.img bs=1M count=4 iflag=direct status=none
make_iblock bad /dev/mapper/bad
begin_disk "a bad block" iblock_0/bad
table() { # table LINES: of the device below, at once
	dmsetup reload bad --table "$1" && dmsetup suspend --nolockfs bad && dmsetup resume bad || failed
}
bad=300 # of 4 KiB
table "0 $((bad * 8)) linear /dev/ram0 0
$((bad * 8)) 8 error
$((bad * 8 + 8)) $((32768 - bad * 8 - 8)) linear /dev/ram0 $((bad * 8 + 8))"
sense() { sg_raw --request=2m "$sg" "$@" 2>&1 | grep -iE 'sense key|asc' ; } # sense HEX...: of a READ

missed() { # missed DEVICE: numbers of the blocks that who reads it through the page cache does not get
	blockdev --setra 256 "$1" && blockdev --flushbufs "$1" || failed "$1"
	dd if="$1" of=/tmp/limits-seen.img bs=4k count=1024 conv=noerror,sync status=none 2>/dev/null
	cmp -l /tmp/limits-good.img /tmp/limits-seen.img | awk '{ block = int(($1 - 1) / 4096) } !seen[block]++ { print block }'
}
# A newer kernel may lose more than the bad block, as much as the page cache holds in one piece.
below=$(missed /dev/mapper/bad)
check "$name: who reads the device below through the page cache misses it" grep -qx $bad <<<"$below"
check_equal "$name: who reads the disk misses no other" "$below" "$(missed "$disk")"
check "$name: 1 MiB over it fails at once" within 10 refused "Input/output error" \
	dd if="$disk" of=/dev/null bs=1M skip=1 count=1 iflag=direct status=none
check "$name: so does a write" within 10 refused "Input/output error" \
	dd if=/tmp/limits-good.img of="$disk" bs=1M skip=1 seek=1 count=1 oflag=direct status=none
check "$name: with the sense data of one block" equal "$(sense 28 00 00 00 09 60 00 00 08 00)" "$(sense 28 00 00 00 08 00 00 08 00 00)"
check "$name: of which there is" test -n "$(sense 28 00 00 00 09 60 00 00 08 00)"
check "$name: the disk is running" grep -qx running "$(device_of $naa 1 0)/state"
table "0 32768 linear /dev/ram0 0"
check "$name: healed, it takes 1 MiB" dd if=/tmp/limits-good.img of="$disk" bs=1M skip=1 seek=1 count=1 oflag=direct status=none
through=$(dd if="$disk" bs=1M count=4 iflag=direct status=none | cmp - /tmp/limits-good.img 2>&1)
check_equal "$name: and all is there" "" "$through"
end_disk
finish
