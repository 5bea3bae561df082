#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A backstore that holds its commands below a disk over a disk of the same adapter, and below one leg of a
# mirror of two: all pass a stall of $HOLDS seconds, 6 if it is not set; the disks' time-outs are 2 s.
. "$(dirname "$0")/clients.sh"
begin_test
: "${HOLDS:=6}"
load_module
needs_mapped fio
leave() { # what is above goes first
	resume_mapped stalled
	pkill -CONT -f systemd-udevd
	dmsetup remove --retry mirror
	rm -f $loopback/$naa/tpgt_1/lun/lun_1/backstore
	rmdir $core/iblock_0/above
	clean_up
	dmsetup remove --retry stalled
} 2>/dev/null
trap leave EXIT

make_mapped stalled
make_tpg $naa 1 $naa_initiator
link_lun $naa 1 0 iblock_0/stalled
below=$(disk_of $naa 1 0)
at_rest "$below"
make_iblock above "$below"
link_lun $naa 1 1 iblock_0/above
above=$(disk_of $naa 1 1)
at_rest "$above"
make_ramdisk leg 16
link_lun $naa 1 2 rd_mcp_0/leg
leg=$(disk_of $naa 1 2)
at_rest "$leg"
for lun in 0 1 2; do
	write 2 "$(device_of $naa 1 $lun)/timeout"
done
pkill -STOP -f systemd-udevd

passes() { # passes DISK: a stall, with I/O to the disk
	hold_mapped stalled
	begin verify "$1" --size=8m
	sleep "$hold"
	check "$what: it waits" kill -0 "$load"
	resume_mapped stalled
	check "$what: it ends" wait_for 60 has_ended
	end
	check "$what: with the right data" ended_well
	check_equal "$what: nothing is held any more" "" "$(cat $loopback/$naa/tpgt_1/held)"
	for lun in "${luns[@]}"; do
		check_equal "$what: LUN $lun is running" running "$(cat "$(device_of $naa 1 $lun)/state")"
	done
}

luns=(0 1 2)
for hold in ${HOLDS//,/ }; do
	what="a disk over a disk, $hold s"
	passes "$above"
done
check "unlink the disk above" unlink_lun $naa 1 1
check "free its backstore" rmdir $core/iblock_0/above
luns=(0 2)

alike() { blockdev --flushbufs "$below" "$leg" && cmp --bytes=8M "$below" "$leg"; } # where the load writes
make_mirror() { # in sync; udev is stopped
	case $1 in
	dm-raid) dmsetup create --noudevsync mirror --table "0 32768 raid raid1 2 0 nosync 2 - $below - $leg" ;;
	dm-mirror) dmsetup create --noudevsync mirror --table "0 32768 mirror core 2 1024 nosync 2 $below 0 $leg 0" ;;
	esac && { [ -b /dev/mapper/mirror ] || dmsetup mknodes mirror; } || failed "$@"
}
for mirror in dm-raid dm-mirror; do
	if ! modprobe -q $mirror; then
		skip "a mirror of two disks by $mirror" "this kernel has none"
		continue
	fi
	make_mirror $mirror
	for hold in ${HOLDS//,/ }; do
		what="a mirror of two disks by $mirror, $hold s"
		passes /dev/mapper/mirror
		check "$what: both legs are alike" alike
	done
	check "remove the mirror" dmsetup remove --noudevsync --retry mirror
done
pkill -CONT -f systemd-udevd
finish
