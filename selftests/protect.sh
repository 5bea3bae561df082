#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# LUNs that may not be written to: those of read-only backstores, and those of
# write_protect.  Whoever sends them commands by himself is refused, too.
. "$(dirname "$0")/clients.sh"
begin_test
load_module
trap 'clean_up; stop_tcmu_runner; rmmod scsi_debug 2>/dev/null; rm -rf /tmp/tcmu' EXIT
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
	# The program or the device that answers MODE SENSE does not know.
	handed_on() { # handed_on NAME BACKSTORE
		check "write_protect: $1" write 2,3 $write_protect
		link_lun $naa 1 3 "$2"
		protected=$(sg_of $naa 1 3) disk=$(disk_of $naa 1 3)
		check_equal "$1: its disk is read-only" 1 "$(blockdev --getro "$disk")"
		for cdb in "1a 00 3f 00 40 00" "5a 00 3f 00 00 00 00 00 40 00"; do
			at=$((16#${cdb%% *} == 0x1a ? 2 : 3))
			# shellcheck disable=SC2086 # bytes
			page=$(sg_raw --request=64 --binary "$protected" $cdb 2>/dev/null | od -An -v -tx1 -N $((at + 1)))
			check "$1: WP of $cdb" test $((0x0${page##* } & 0x80)) != 0
			# shellcheck disable=SC2086
			check "$1: nothing of it when less is asked for" test $at -ge "$(sg_raw --request=64 --binary "$protected" \
				${cdb%40 00}0$at 00 2>/dev/null | wc -c)"
		done
		check "$1: a write is refused" refused "" dd if=/dev/zero of="$disk" bs=4k count=1 oflag=direct status=none
		check "$1: it is unlinked" unlink_lun $naa 1 3
		check "$1: its backstore is freed" rmdir "$core/$2"
		write 2 $write_protect
	}
	if command -v tcmu-runner >/dev/null && modprobe -q target_core_user; then
		start_tcmu_runner
		make_user user 8
		handed_on TCMU user_0/user
		stop_tcmu_runner
	else
		skip "TCMU" "needs tcmu-runner and target_core_user"
	fi
	if modprobe -qn scsi_debug && load_debug disk dev_size_mb=8; then
		make_pscsi scsi "$(debug_device)" "$(debug_disk)"
		handed_on pscsi pscsi_0/scsi
		check "scsi_debug goes" unload_debug
	else
		skip "pscsi" "needs scsi_debug"
	fi
	check "it is unlinked" unlink_lun $naa 1 2
	check "and not protected any more" write $'\n' $write_protect
	link_lun $naa 1 2 rd_mcp_0/c3
	check_equal "then its disk is not read-only" 0 "$(blockdev --getro "$(disk_of $naa 1 2)")"
	check "and is written" fill "$(disk_of $naa 1 2)"
else
	skip "write_protect" "this module has none"
fi
finish
