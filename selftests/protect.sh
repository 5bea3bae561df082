#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# LUNs that may not be written to: those of read-only backstores, and those of
# write_protect.  Whoever sends them commands by himself is refused, too.
. "$(dirname "$0")/clients.sh"
begin_test
load_module
command -v python3 >/dev/null || skip_all "needs python3"
modprobe -q brd rd_nr=1 rd_size=32768
[ -b /dev/ram0 ] || skip_all "needs brd"

commands() { # commands ARGUMENTS...: of protect.py; what is no result is told, too
	./protect.py "$@" >/tmp/protect 2>&1 && return
	grep -v '^ok ' /tmp/protect
	return 1
}
fill() { dd if=/dev/urandom of="$1" bs=64k count=1 oflag=direct status=none; } # fill DISK
write_protect=$loopback/$naa/tpgt_1/write_protect
logged() { dmesg | tail -n 20 | grep -qF "$1"; }

# A backstore's name is its serial number, and EXTENDED COPY knows it by the digits.
fill /dev/ram0
make_backstore iblock_0/a1 udev_path=/dev/ram0,readonly=1
make_ramdisk b2 8
make_ramdisk c3 8
make_tpg $naa 1 $naa_initiator
link_lun $naa 1 0 iblock_0/a1
link_lun $naa 1 1 rd_mcp_0/b2
read_only=$(sg_of $naa 1 0) writable=$(sg_of $naa 1 1)
check "a writable neighbour is written" fill "$(disk_of $naa 1 1)"
check_equal "the disk of a read-only backstore is read-only" 1 "$(blockdev --getro "$(disk_of $naa 1 0)")"
check_equal "its neighbour's is not" 0 "$(blockdev --getro "$(disk_of $naa 1 1)")"
before=$(md5sum </dev/ram0)
check "a read-only backstore" commands "$read_only" "$writable" "$read_only" "$writable" "$writable" "$read_only" "$read_only" \
	"$read_only" "$writable" "$writable" "$read_only" "$writable" "$read_only"
check_equal "its device is as it was" "$before" "$(md5sum </dev/ram0)"
check "its neighbour is still written" fill "$(disk_of $naa 1 1)"

if [ -e $write_protect ]; then
	check_equal "write_protect begins empty" "" "$(cat $write_protect)"
	for list in 65536 x 3-1 -1; do
		check "write_protect: \"$list\" is refused" refused "Invalid argument" write "$list" $write_protect
	done
	check "write_protect: what is read back in 4 KiB no more is refused" refused "Invalid argument" write 0-65535:1/2 $write_protect
	check "write_protect: what is written in more than one piece is refused" refused "Invalid argument" \
		write "$(seq -s, 0 1200)" $write_protect
	check_equal "and nothing changed" "" "$(cat $write_protect)"
	for list in 7 2,4-6,65535 2 $'\n'; do
		check "write_protect: ${list@Q}" write "$list" $write_protect
		check_equal "is read back" "${list%$'\n'}" "$(cat $write_protect)"
	done
	check "write_protect: of a LUN that is linked" refused "busy" write 1 $write_protect
	check "the log says which" logged "lun_1 is linked"
	check "write_protect: of one that is not" write 2 $write_protect
	link_lun $naa 1 2 rd_mcp_0/c3
	protected=$(sg_of $naa 1 2)
	check "nor is it taken away from one that is linked" refused "busy" write $'\n' $write_protect
	check_equal "its disk is read-only" 1 "$(blockdev --getro "$(disk_of $naa 1 2)")"
	check "a LUN that is write-protected" commands "$protected" "$writable" "$protected" "$writable" "$protected" "$writable" "$protected"
	check "it is unlinked" unlink_lun $naa 1 2
	check "and not protected any more" write $'\n' $write_protect
	link_lun $naa 1 2 rd_mcp_0/c3
	check_equal "then its disk is not read-only" 0 "$(blockdev --getro "$(disk_of $naa 1 2)")"
	check "and is written" fill "$(disk_of $naa 1 2)"
else
	skip "write_protect" "this module has none"
fi
finish
