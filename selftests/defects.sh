#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the kernel's own tcm_loop does wrong, each as one check: vm/defects runs
# this against both modules.  Each check has a target of its own, because the
# kernel's module leaves some that cannot be removed.
. "$(dirname "$0")/targets.sh"
begin_test
load_module

number=0
new_target() { # $wwn is a new target's name
	number=$((number + 1))
	wwn=naa.50014050000001$(printf %02d $number)
	mkdir -p $loopback
}
make_ramdisk defects 8
initiator=naa.5001405000000002
strict=/sys/module/tcm_loop/parameters/strict_names
[ ! -e $strict ] || write 1 $strict

linked_before_nexus() {
	make_tpg $wwn 1 && link_lun $wwn 1 0 rd_mcp_0/defects && write $initiator $loopback/$wwn/tpgt_1/nexus &&
		wait_for 5 present $wwn 1 0
}
unlink_and_drop() { unlink_lun $wwn 1 0 && write NULL $loopback/$wwn/tpgt_1/nexus; }
deleted_then_unlinked() {
	make_tpg $wwn 1 $initiator && link_lun $wwn 1 0 rd_mcp_0/defects && wait_for 5 present $wwn 1 0 &&
		echo 1 >"$(device_of $wwn 1 0)/delete" && wait_for 5 absent $wwn 1 0 && unlink_and_drop
}
rescan_finds() {
	make_tpg $wwn 2 $initiator && link_lun $wwn 2 0 rd_mcp_0/defects && wait_for 5 present $wwn 2 0 &&
		echo 1 >"$(device_of $wwn 2 0)/delete" && wait_for 5 absent $wwn 2 0 &&
		echo "- - -" >"/sys/class/scsi_host/host$(host_of $wwn 2)/scan" && wait_for 5 present $wwn 2 0
}
linked_while_offline() {
	make_tpg $wwn 1 $initiator && write offline $loopback/$wwn/tpgt_1/transport_status &&
		link_lun $wwn 1 0 rd_mcp_0/defects && write online $loopback/$wwn/tpgt_1/transport_status &&
		wait_for 5 present $wwn 1 0
}

new_target
check "a LUN linked before the nexus gets its disk when the nexus is made" linked_before_nexus
check "and afterwards the nexus can be dropped" unlink_and_drop
new_target
check "after a disk was deleted and its LUN unlinked, the nexus can be dropped" deleted_then_unlinked
new_target
check "a rescan of the host finds a deleted disk of tpgt_2" rescan_finds
new_target
check "a LUN linked while offline gets its disk when online" linked_while_offline

for name in naa. naa.xyz naa.500140500000000 naa.50014050000000011 xnaa.5001405000000001 fc. fc.21:00:00:24:ff:00:00:0g iqn. \
	"iqn.2003-01.org.linux iscsi"; do
	check "the target name \"$name\" is refused" refused "Invalid argument" mkdir "$loopback/$name"
done
new_target
make_tpg $wwn 1
for name in naa. naa.xyz xnaa.5001405000000001; do
	check "the initiator port name \"$name\" is refused" refused "Invalid argument" write "$name" $loopback/$wwn/tpgt_1/nexus
	[ -z "$(cat $loopback/$wwn/tpgt_1/nexus 2>/dev/null)" ] || write NULL $loopback/$wwn/tpgt_1/nexus
done
new_target
check "there is a tpgt_32" make_tpg $wwn 32

fc_port() { # the port's name string and NAA designator
	make_tpg $fc 1 $fc_initiator && link_lun $fc 1 0 rd_mcp_0/defects || return
	sg_vpd -p di "$(disk_of $fc 1 0)" | tee /tmp/di
	grep -q "naa.21000024ff000001,t,0x0001" /tmp/di && grep -q "0x21000024ff000001" /tmp/di
}
check "page 0x83 of an FC port has an NAA identifier and a name string that begins with naa." fc_port
isid() { # PERSISTENT RESERVE IN, READ FULL STATUS tells the initiator port's ISID
	make_tpg $iqn 1 "$iqn_initiator,i,0x00023d000001" && link_lun $iqn 1 0 rd_mcp_0/defects || return
	local disk
	disk=$(disk_of $iqn 1 0)
	sg_persist --no-inquiry --out --register --param-sark=1 "$disk" && sg_persist --no-inquiry --in --read-full-status "$disk" |
		grep -i "port id: .*,i,0x00023d000001"
}
check "an iSCSI nexus may have an ISID, and its registration tells it" isid

# A reset while the backstore holds a command must not report that the target let go of it.
modprobe -q dm_mod
modprobe -q brd rd_nr=1 rd_size=32768
if command -v dmsetup >/dev/null && [ -b /dev/ram0 ]; then
	trap 'resume_mapped held 2>/dev/null; clean_up; dmsetup remove --retry held 2>/dev/null' EXIT
	make_mapped held
	new_target
	make_tpg $wwn 1 $initiator
	link_lun $wwn 1 0 iblock_0/held
	disk=$(disk_of $wwn 1 0)
	hold_mapped held
	dd if="$disk" of=/dev/null bs=4k count=1 iflag=direct status=none &
	sleep 1
	rm -f /tmp/reset.status
	{
		sg_reset --target "$disk" >/dev/null 2>&1
		echo $? >/tmp/reset.status
	} &
	sleep 3
	check "a target reset does not succeed while the backstore holds a command" refused "" grep -qsx 0 /tmp/reset.status
	resume_mapped held
	wait
fi
[ ! -e $strict ] || write 0 $strict
finish
