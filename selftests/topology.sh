#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Several TPGs and LUNs, high numbers, LUNs that come and go beside others,
# disks deleted and found again.
. "$(dirname "$0")/targets.sh"
begin_test
load_module

make_ramdisk first 16
make_ramdisk second 16
for tpgt in 0 1 33 65535; do
	check "tpgt_$tpgt: make it" make_tpg $naa $tpgt $naa_initiator
	for lun in 0 255; do
		check "tpgt_$tpgt lun_$lun: link it" link_lun $naa $tpgt $lun rd_mcp_0/first
	done
	for lun in 0 255; do
		check "tpgt_$tpgt lun_$lun: its disk is at its address" wait_for 60 present $naa $tpgt $lun
	done
done
check_equal "the disks, as lsscsi counts them" 8 "$(lsscsi "$(host_of $naa 1)" | wc -l)"
sg=$(sg_of $naa 1 0)
check_equal "REPORT LUNS into a buffer of several segments of many pages" "$(sg_luns "$sg")" "$(sg_luns --maxlen=262144 "$sg")"
check "tpgt_65536 is refused" refused "Invalid argument" mkdir $loopback/$naa/tpgt_65536
check "tpgt_01 is refused: it is tpgt_1" refused "Invalid argument" mkdir $loopback/$naa/tpgt_01

host=$(host_of $naa 1)
scan=/sys/class/scsi_host/host$host/scan

delete_and_find() { # delete a disk through sysfs; a scan of the host must bring it back
	write 1 "$(device_of "$@")/delete" && wait_for 60 absent "$@" &&
		write "- - -" "$scan" && wait_for 60 present "$@"
}
check "a rescan finds a deleted disk of tpgt_1" delete_and_find $naa 1 0
check "a rescan finds a deleted disk of tpgt_33" delete_and_find $naa 33 255
check_equal "a rescan finds nothing more than was linked" 8 "$(lsscsi "$host" | wc -l)"

check "a LUN unlinked takes only its own disk" unlink_lun $naa 33 255
check "its disk is gone" wait_for 60 absent $naa 33 255
check "its neighbour is there" present $naa 33 0
write "- - -" "$scan"
check "a rescan does not bring an unlinked LUN back" absent $naa 33 255
check "hot add: link another backstore there" link_lun $naa 33 255 rd_mcp_0/second
check "hot add: its disk appears" wait_for 60 present $naa 33 255
check "two LUNs of one backstore are one logical unit" \
	equal "$(sg_vpd -p di -q "$(disk_of $naa 1 0)" | grep 0x6001405)" "$(sg_vpd -p di -q "$(disk_of $naa 33 0)" | grep 0x6001405)"

resets() { cat "$core/rd_mcp_0/$1/statistics/scsi_tgt_dev/resets"; } # resets BACKSTORE
before=$(resets first) second=$(resets second)
check "a reset of a LUN" sg_reset --no-esc --device "$(sg_of $naa 33 255)"
check_equal "is its backstore's" $((second + 1)) "$(resets second)"
check_equal "and no other's" "$before" "$(resets first)"
check "a reset of a target ID" sg_reset --no-esc --target "$(sg_of $naa 33 255)"
check_equal "is that of its two LUNs" "$((before + 1)) $((second + 2))" "$(resets first) $(resets second)"
check "a reset of the host" sg_reset --no-esc --host "$(sg_of $naa 33 255)"
check_equal "is that of all eight" "$((before + 8)) $((second + 3))" "$(resets first) $(resets second)"

check "lun_65535: link it" link_lun $naa 1 65535 rd_mcp_0/second
check "lun_65535: its disk appears" wait_for 60 present $naa 1 65535
check "lun_65535: unlink it" unlink_lun $naa 1 65535
check "lun_65536: the target core takes it" link_lun $naa 1 65536 rd_mcp_0/second
check "lun_65536: it gets no disk" absent $naa 1 65536
check "lun_65536: unlink it" unlink_lun $naa 1 65536

for row in 0:absent:00 00:present:0; do
	IFS=: read -r one state other <<<"$row"
	make_tpg $naa 2
	link_lun $naa 2 0 rd_mcp_0/first
	check "lun_00 beside lun_0: the target core takes it" link_lun $naa 2 00 rd_mcp_0/second
	check "the log says that it has no disk" grep -q "$naa tpgt_2 lun_00: no disk; another directory is lun_0, too" <<<"$(dmesg)"
	check "the nexus is made" write $naa_initiator $loopback/$naa/tpgt_2/nexus
	check "there is a disk" present $naa 2 0
	check "unlink lun_$one" unlink_lun $naa 2 "$one"
	check "the disk is $state" "$state" $naa 2 0
	write "- - -" "/sys/class/scsi_host/host$(host_of $naa 2)/scan"
	check "a scan changes nothing" "$state" $naa 2 0
	check "unlink lun_$other" unlink_lun $naa 2 "$other"
	check "there is none" absent $naa 2 0
	check "drop the nexus" write NULL $loopback/$naa/tpgt_2/nexus
	check "remove the TPG" rmdir $loopback/$naa/tpgt_2
done

write 1 "$(device_of $naa 0 0)/delete"
check "a disk is deleted" wait_for 60 absent $naa 0 0
check "unlink a LUN whose disk was deleted before" unlink_lun $naa 0 0
unlink_lun $naa 0 255
check "and then the nexus can be dropped" write NULL $loopback/$naa/tpgt_0/nexus

check "a LUN may be linked before the nexus exists" link_lun $naa 0 3 rd_mcp_0/first
check "then no disk appears" absent $naa 0 3
check "so may a second one, of a lower number" link_lun $naa 0 2 rd_mcp_0/second
check "but they do when the nexus is made" write $naa_initiator $loopback/$naa/tpgt_0/nexus
check "which brings the disk" wait_for 60 present $naa 0 3
check "and the other" wait_for 60 present $naa 0 2
check "the nexus is not dropped while a LUN uses it" refused "Operation not permitted" write NULL $loopback/$naa/tpgt_0/nexus
check "and the disk still works" dd if="$(disk_of $naa 0 3)" of=/dev/null bs=4k count=1 iflag=direct status=none

rtpi=$loopback/$naa/tpgt_2/rtpi
make_with_disk() { make_tpg $naa 2 $naa_initiator && link_lun $naa 2 0 rd_mcp_0/first && wait_for 60 present $naa 2 0; }
check "tpgt_2: make it, with a disk" make_with_disk
if [ -e $rtpi ]; then
	before=$(cat $rtpi)
	check "tpgt_2: remove it" remove_tpg $naa 2
	check "tpgt_01 is refused once more" refused "Invalid argument" mkdir $loopback/$naa/tpgt_01
	check "tpgt_2: make it again" make_with_disk
	check_equal "its relative target port identifier had been given back" "$before" "$(cat $rtpi)"
else
	skip "its relative target port identifier had been given back" "the core numbers each logical unit's ports"
fi
check "tpgt_2: remove it" remove_tpg $naa 2

for tpgt in 0 1 33 65535; do
	check "tpgt_$tpgt: remove it" remove_tpg $naa $tpgt
done
check "remove the target" rmdir $loopback/$naa
check "unload the module" unload_module
load_module
finish
