#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# sg3_utils' tools and the block layer's ways to clear a disk, over each backstore: what they do to the data,
# what they find out, and the status, sense and residual that they get.
. "$(dirname "$0")/clients.sh"
begin_test
command -v sg_raw >/dev/null || skip_all "needs sg3-utils"
load_module
blocks=$((16 << 11))
work=$(mktemp -d)

gives() { # gives STATUS COMMAND...: the tool's exit status, which says what the target answered
	local wanted=$1 output status=0
	shift
	output=$("$@" 2>&1) || status=$?
	[ $status = "$wanted" ] && return
	echo "$output"
	echo "exit status $status, not $wanted"
	return 1
}
pattern() { tr '\0' "$1" </dev/zero | head -c $(($2 * 512)); }
fill() { pattern "$2" 128 | dd of="$1" bs=64k count=1 iflag=fullblock oflag=direct conv=notrunc status=none; }
holds() { # holds DISK FIRST COUNT CHARACTER: these blocks are full of it
	local direct=()
	[ ! -b "$1" ] || direct=(iflag=direct) # sg writes behind the page cache's back
	dd if="$1" of="$work/seen" bs=512 skip="$2" count="$3" "${direct[@]}" status=none && pattern "$4" "$3" | cmp - "$work/seen"
}
contains() { # contains TEXT COMMAND...: in its output
	local text=$1 output
	shift
	output=$("$@" 2>&1) || true
	grep -q -- "$text" <<<"$output" || {
		echo "no \"$text\" in: $output"
		return 1
	}
}

# The tools that ask.
asks() { # asks WHAT SG
	local what=$1 sg=$2 page
	check "$what: sg_turs" gives 0 sg_turs "$sg"
	check "$what: sg_readcap" contains "Last LBA=$((blocks - 1))" sg_readcap "$sg"
	check "$what: sg_readcap --16" contains "Last LBA=$((blocks - 1))" sg_readcap --16 "$sg"
	check "$what: sg_luns" contains "^ *0001000000000000" sg_luns "$sg"
	for page in sv sn di bl bdc lbpv; do
		check "$what: sg_vpd --page=$page" gives 0 sg_vpd --page=$page "$sg"
	done
	check "$what: sg_modes --page=caching" gives 0 sg_modes --page=8 "$sg"
	check "$what: sg_requests" gives 0 sg_requests "$sg"
	check "$what: sg_sync" gives 0 sg_sync "$sg"
	if sg_opcodes --opcode=0x28 "$sg" >/dev/null 2>&1; then
		check "$what: sg_opcodes" contains "Compare and write" sg_opcodes "$sg"
	else
		check "$what: sg_opcodes: this core has none" gives 9 sg_opcodes "$sg"
	fi
}

# CDBs of every length and direction.
raws() { # raws WHAT SG DISK
	local what=$1 sg=$2 disk=$3
	fill "$disk" a
	check "$what: READ(6)" gives 0 sg_raw -r 512 -o "$work/6" "$sg" 08 00 00 01 01 00
	check "$what: READ(10)" gives 0 sg_raw -r 1024 -o "$work/10" "$sg" 28 00 00 00 00 01 00 00 02 00
	check "$what: READ(12)" gives 0 sg_raw -r 1024 -o "$work/12" "$sg" a8 00 00 00 00 01 00 00 00 02 00 00
	check "$what: READ(16)" gives 0 sg_raw -r 1024 -o "$work/16" "$sg" 88 00 00 00 00 00 00 00 00 01 00 00 00 02 00 00
	check "$what: READ(32), which the core does not know, is ILLEGAL REQUEST" gives 9 sg_raw -r 1024 "$sg" 7f 00 00 00 00 00 00 18 00 09 \
		00 00 00 00 00 00 00 00 00 01 00 00 00 00 00 00 00 00 00 00 00 02
	for length in 10 12 16; do
		check "$what: READ($length)'s data" holds "$work/$length" 0 2 a
	done
	pattern b 2 >"$work/data"
	check "$what: WRITE(10)" gives 0 sg_raw -s 1024 -i "$work/data" "$sg" 2a 00 00 00 00 04 00 00 02 00
	check "$what: WRITE(16)" gives 0 sg_raw -s 1024 -i "$work/data" "$sg" 8a 00 00 00 00 00 00 00 00 08 00 00 00 02 00 00
	check "$what: their data" holds "$disk" 4 2 b
	check "$what: and" holds "$disk" 8 2 b
	check "$what: and no other" holds "$disk" 6 2 a
	check "$what: a residual" contains "36 bytes" sg_raw -r 512 "$sg" 12 00 00 00 24 00
	check "$what: INQUIRY of an unknown page is ILLEGAL REQUEST" contains "Invalid field in cdb" sg_raw -r 255 "$sg" 12 01 ee 00 ff 00
	check "$what: an unknown operation is ILLEGAL REQUEST" gives 9 sg_raw "$sg" c1 00 00 00 00 00
	check "$what: past the end is ILLEGAL REQUEST" contains "Logical block address out of range" \
		sg_raw -r 512 "$sg" 28 00 7f ff ff ff 00 00 01 00
	check "$what: a read of nothing" gives 0 sg_raw "$sg" 28 00 00 00 00 00 00 00 00 00
}

# The tools that change data.
changes() { # changes WHAT SG DISK
	local what=$1 sg=$2 disk=$3
	fill "$disk" a
	check "$what: sg_verify" gives 0 sg_verify --lba=0 --count=16 "$sg"
	pattern c 1 >"$work/block"
	if [ "$what" != rd_mcp ]; then # it has no WRITE SAME
		check "$what: sg_write_same" gives 0 sg_write_same --in="$work/block" --lba=8 --num=16 --xferlen=512 "$sg"
		check "$what: its data" holds "$disk" 8 16 c
		check "$what: and no more" holds "$disk" 24 8 a
		check "$what: sg_write_same --32" gives 0 sg_write_same --32 --in="$work/block" --lba=32 --num=4 --xferlen=512 "$sg"
		check "$what: its data" holds "$disk" 32 4 c
	fi
	{ pattern a 1 && pattern d 1; } >"$work/caw"
	check "$what: sg_compare_and_write" gives 0 sg_compare_and_write --in="$work/caw" --lba=40 --num=1 --xferlen=1024 "$sg"
	check "$what: its data" holds "$disk" 40 1 d
	check "$what: the same again is a miscompare" gives 14 \
		sg_compare_and_write --in="$work/caw" --lba=40 --num=1 --xferlen=1024 "$sg"
	check "$what: sg_dd" gives 0 sg_dd if="$work/data" of="$sg" bs=512 seek=60 count=2
	check "$what: its data" holds "$disk" 60 2 b
}

# UNMAP, and the block layer's ways.
clears() { # clears WHAT SG DISK
	local what=$1 sg=$2 disk=$3
	check "$what: the Block Limits page has its full length" contains "^ *00 *00 b0 00 3c" sg_vpd --hex --page=bl "$sg"
	fill "$disk" a
	check "$what: sg_unmap" gives 0 sg_unmap --lba=16 --num=8 "$sg"
	check "$what: it reads as zero" holds "$disk" 16 8 '\0'
	check "$what: no other does" holds "$disk" 24 8 a
	check "$what: blkdiscard" gives 0 blkdiscard --offset 16384 --length 8192 "$disk"
	check "$what: it reads as zero" holds "$disk" 32 16 '\0'
	check "$what: blkdiscard --zeroout" gives 0 blkdiscard --zeroout --offset 32768 --length 8192 "$disk"
	check "$what: it reads as zero" holds "$disk" 64 16 '\0'
	check "$what: no other does" holds "$disk" 80 8 a
}

resets() { # resets WHAT SG DISK
	local what=$1 sg=$2 disk=$3
	check "$what: sg_reset --device" gives 0 sg_reset --no-esc --device "$sg"
	check "$what: sg_reset --host" gives 0 sg_reset --no-esc --host "$sg"
	check "$what: sg_reset --target" gives 0 sg_reset --no-esc --target "$sg"
	check "$what: and the disk works" verify "$disk" --size=1m
}

copies() { # copies WHAT SG DISK SG2 DISK2
	local what=$1
	fill "$3" e
	check "$what: sg_xcopy" gives 0 sg_xcopy if="$2" of="$4" count=64 bs=512
	check "$what: its data" holds "$5" 0 64 e
}

tools() { # tools BACKSTORE WWN INITIATOR
	local what=$1 wwn=$2 sg disk
	[ "$what" = rd_mcp ] || write 1 "$core/${what}_0/sg3/attrib/emulate_tpu"
	make_tpg "$wwn" 1 "$3"
	link_lun "$wwn" 1 0 "${what}_0/sg3"
	link_lun "$wwn" 1 1 "${what}_0/sg3b"
	disk=$(disk_of "$wwn" 1 0)
	sg=$(sg_of "$wwn" 1 0)
	at_rest "$disk"
	test_unit_ready "$sg" 2>/dev/null # takes the unit attention that the second LUN brings
	asks "$what" "$sg"
	raws "$what" "$sg" "$disk"
	changes "$what" "$sg" "$disk"
	[ "$what" = rd_mcp ] || clears "$what" "$sg" "$disk"
	copies "$what" "$sg" "$disk" "$(sg_of "$wwn" 1 1)" "$(disk_of "$wwn" 1 1)"
	resets "$what" "$sg" "$disk"
	remove_tpg "$wwn" 1
	rmdir "$loopback/$wwn"
}

make_ramdisk sg3 16
make_ramdisk sg3b 16
tools rd_mcp $naa $naa_initiator
make_fileio sg3 16 "$work/a.img"
make_fileio sg3b 16 "$work/b.img"
tools fileio $fc $fc_initiator
rm -r "$work"
finish
