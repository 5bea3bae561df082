#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A backstore that holds its commands below what is stacked: a disk over a disk of the same
# adapter, and a mirror of two disks.  Both pass a stall of $HOLDS seconds, 6 if it is not set;
# the disks' time-outs are 2 s.
. "$(dirname "$0")/clients.sh"
begin_test
: "${HOLDS:=6}"
load_module
modprobe dm_mod
modprobe brd rd_nr=1 rd_size=32768
command -v dmsetup >/dev/null && command -v fio >/dev/null && [ -b /dev/ram0 ] || skip_all "needs dmsetup, fio and brd"
[ "$(blockdev --getsz /dev/ram0)" -ge 32768 ] || skip_all "/dev/ram0 is smaller than 16 MiB"
leave() { # what is above goes first
	dmsetup resume --noudevsync stalled
	pkill -CONT -f systemd-udevd
	dmsetup remove --retry mirror
	rm -f $loopback/$naa/tpgt_1/lun/lun_1/backstore
	rmdir $core/iblock_0/above
	clean_up
	dmsetup remove --retry stalled
} 2>/dev/null
trap leave EXIT

make_mapped stalled
make_ramdisk other 16
make_tpg $naa 1 $naa_initiator
link_lun $naa 1 0 iblock_0/stalled
link_lun $naa 1 2 rd_mcp_0/other
below=$(disk_of $naa 1 0)
other=$(disk_of $naa 1 2)
at_rest "$below"
at_rest "$other"
make_iblock above "$below"
link_lun $naa 1 1 iblock_0/above
above=$(disk_of $naa 1 1)
at_rest "$above"
for lun in 0 1 2; do
	write 2 "$(device_of $naa 1 $lun)/timeout"
done
pkill -STOP -f systemd-udevd

passes() { # passes DISK: a stall, with I/O to the disk
	dmsetup suspend --noudevsync --noflush --nolockfs stalled
	begin verify "$1" --size=8m
	sleep "$hold"
	check "$what: it waits" kill -0 "$load"
	dmsetup resume --noudevsync stalled
	check "$what: it ends" wait_for 60 has_ended
	end
	check "$what: with the right data" ended_well
	check_equal "$what: nothing is held any more" "" "$(cat $loopback/$naa/tpgt_1/held)"
	for lun in 0 1 2; do
		check_equal "$what: LUN $lun is running" running "$(cat "$(device_of $naa 1 $lun)/state")"
	done
}

for hold in ${HOLDS//,/ }; do
	what="a disk over a disk, $hold s"
	passes "$above"
done
check "unlink the disk above" unlink_lun $naa 1 1
check "free its backstore" rmdir $core/iblock_0/above
make_ramdisk stand_in 16
link_lun $naa 1 1 rd_mcp_0/stand_in

if modprobe -q dm_mirror && dmsetup create mirror --table "0 32768 mirror core 2 1024 nosync 2 $below 0 $other 0"; then
	[ -b /dev/mapper/mirror ] || dmsetup mknodes mirror
	for hold in ${HOLDS//,/ }; do
		what="a mirror of two, $hold s"
		passes /dev/mapper/mirror
	done
	check_equal "both are in the mirror" AA "$(dmsetup status mirror | grep -o 'AA')"
	check "both have the same data" cmp --bytes=8388608 "$below" "$other"
	check "take the mirror apart" wait_for 20 dmsetup remove mirror
else
	skip "a mirror of two" "needs dm_mirror"
fi
pkill -CONT -f systemd-udevd
finish
