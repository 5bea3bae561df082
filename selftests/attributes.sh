#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every attribute and every module parameter: read, written, good and bad values.
. "$(dirname "$0")/clients.sh"
begin_test
load_module
mkdir -p $loopback

# In the order of: prefix, digits, length, characters.
good_names=(
	naa.5001405000000001 naa.600140554cf3a18e naa.1990000000000001 naa.60014050000000010000000000000001
	fc.21000024ff000001 fc.21:00:00:24:ff:00:00:01
	iqn.2003-01.org.linux-iscsi.lab iqn.2003-01.org.linux-iscsi.lab:a.b-c:d
	eui.02004567a425678d
)
odd_names=( # see names.sh
	naa.xyz naa.500140500000000 naa.50014050000000011 naa.500140500000000g
	naa.0001405000000001 naa.5001405000000001000000000000001
	fc.21:00:00:24:ff:00:00 fc.21:00:00:24:ff:00:00:0g fc.21:00:00:24:ff:00:00:01:02 fc.2100:0024:ff00:0001
	iqn.2003-13.org.lab iqn.203-01.org.lab iqn.2003-01.Org.lab iqn.2003-01
	eui.0123456789abcde eui.0123456789abcdefa eui.0123456789abcdeg
)
useless_names=(
	naa. xnaa.5001405000000001 NAA.5001405000000001 fc. iqn. "iqn.2003-01.org.linux iscsi" $'naa.500140500000000\x7f' eui. nonsense ..x
	"naa.$(printf '%0220d' 0)"
)

good_name() { mkdir "$loopback/$1" && rmdir "$loopback/$1"; }
read_log() { log=$(dmesg | tail -n 100); } # once for all names: a slow machine starts a program in a second
said_once() { equal 1 "$(grep -F "$1" <<<"$log" | grep -c "taken all the same, but page 0x83 is")"; }
logged() { [[ $log == *"$1"* ]]; }

for name in "${good_names[@]}"; do
	check "target \"$name\" is accepted" good_name "$name"
done
strict=/sys/module/tcm_loop/parameters/strict_names
check_equal "strict_names begins as N" N "$(cat $strict)"
for name in "${odd_names[@]}"; do
	check "target \"$name\" is taken" good_name "$name"
done
read_log
for name in "${odd_names[@]}"; do
	check "the log says what is wrong with \"$name\"" logged "target \"$name\": "
	check "and what follows, once" said_once "target \"$name\""
done
for name in "${useless_names[@]}"; do
	check "target \"${name:0:40}\" is refused" refused "Invalid argument" mkdir "$loopback/$name"
done
write 1 $strict
check_equal "strict_names" Y "$(cat $strict)"
bad_names=("${odd_names[@]}" "${useless_names[@]:0:4}")
for name in "${bad_names[@]}"; do
	check "strict_names: target \"$name\" is refused" refused "Invalid argument" mkdir "$loopback/$name"
done
read_log
for name in "${bad_names[@]}"; do
	check "the log says so of \"$name\"" logged "target \"$name\": "
done

make_tpg $naa 1
tpg=$loopback/$naa/tpgt_1
check_equal "version" "TCM Loopback Fabric module v$(cat /sys/module/tcm_loop/version)" "$(cat $loopback/version)"
check_equal "address is H:0:T" "$(ls -d /sys/devices/tcm_loop_0/tcm_loop_adapter_*/host* | sed 's/.*host//' | tail -n 1):0:1" \
	"$(cat $tpg/address)"
check "address cannot be written" refused "ermission denied" write 1 $tpg/address
check_equal "held is empty" "" "$(cat $tpg/held)"
check "held cannot be written" refused "ermission denied" write 1 $tpg/held

check "nexus without one: no such device" refused "No such device" cat $tpg/nexus
for name in "${bad_names[@]}"; do
	check "initiator \"$name\" is refused" refused "Invalid argument" write "$name" $tpg/nexus
done
read_log
for name in "${bad_names[@]}"; do
	check "the log says so of \"$name\"" logged "initiator port \"$name\""
done
check "strict_names: a SAS initiator with an ISID is refused" refused "Invalid argument" write "$naa_initiator,i,0x00023d000001" $tpg/nexus
write 0 $strict
for name in "${odd_names[@]:0:6}"; do
	check "initiator \"$name\" is taken" write "$name" $tpg/nexus
	check_equal "and reads back" "$name" "$(cat $tpg/nexus)"
	write NULL $tpg/nexus
done
for name in "${useless_names[@]}"; do
	check "initiator \"${name:0:40}\" is refused" refused "Invalid argument" write "$name" $tpg/nexus
done
check "an initiator without a name is refused" refused "Invalid argument" write " " $tpg/nexus
check "an FC initiator is refused by a SAS target" refused "Invalid argument" write $fc_initiator $tpg/nexus
check "an iSCSI initiator is refused by a SAS target" refused "Invalid argument" write $iqn_initiator $tpg/nexus
check "NULL without a nexus: no such device" refused "No such device" write NULL $tpg/nexus
check "nexus is written" write $naa_initiator $tpg/nexus
check_equal "nexus is read back" $naa_initiator "$(cat $tpg/nexus)"
check "a second nexus is refused" refused "File exists" write naa.5001405000000003 $tpg/nexus
check "NULL drops it" write NULL $tpg/nexus
check "and it is gone" refused "No such device" cat $tpg/nexus
check "nexus with a newline" write "$naa_initiator
" $tpg/nexus
check_equal "is read back without" $naa_initiator "$(cat $tpg/nexus)"

make_tpg $fc 1 fc.21000024ff000002
check_equal "FC: nexus is read back as it may be written" $fc_initiator "$(cat $loopback/$fc/tpgt_1/nexus)"
rmdir $loopback/$fc/tpgt_1 $loopback/$fc
check_equal "transport_status begins online" online "$(cat $tpg/transport_status)"
check "transport_status: offline" write offline $tpg/transport_status
check_equal "is read back" offline "$(cat $tpg/transport_status)"
check "transport_status: online, with a newline" write "online
" $tpg/transport_status
check_equal "is read back" online "$(cat $tpg/transport_status)"
for value in " " on offlin "offline now" ONLINE 1; do
	check "transport_status: \"$value\" is refused" refused "Invalid argument" write "$value" $tpg/transport_status
done
check_equal "and nothing changed" online "$(cat $tpg/transport_status)"

for name in "$iqn_initiator" "$iqn_initiator,i,0x00023d000001" eui.02004567a425678d,i,0x80123456789a; do
	check "iSCSI: nexus is $name" make_tpg $iqn 1 "$name"
	check_equal "iSCSI: and is read back" "$name" "$(cat $loopback/$iqn/tpgt_1/nexus)"
	check "iSCSI: NULL drops it" write NULL $loopback/$iqn/tpgt_1/nexus
	rmdir $loopback/$iqn/tpgt_1
done
make_tpg $iqn 1
write 1 $strict
for name in "$iqn_initiator," "$iqn_initiator,i,0x" "$iqn_initiator,i,0x00023d00000" "$iqn_initiator,i,0x00023d00000g" \
	"$iqn_initiator,t,0x0001"; do
	check "iSCSI: initiator \"$name\" is refused" refused "Invalid argument" write "$name" $loopback/$iqn/tpgt_1/nexus
done
write 0 $strict

check_equal "complete_device_id begins as 1" 1 "$(cat $tpg/complete_device_id)"
for value in 0 1; do
	check "complete_device_id: $value" write $value $tpg/complete_device_id
	check_equal "is read back" $value "$(cat $tpg/complete_device_id)"
done
for value in 2 -1 1x on " "; do
	check "complete_device_id: \"$value\" is refused" refused "Invalid argument" write "$value" $tpg/complete_device_id
done
check_equal "and nothing changed" 1 "$(cat $tpg/complete_device_id)"

check_equal "fabric_prot_type begins as 0" 0 "$(cat $tpg/attrib/fabric_prot_type)"
for value in 1 3 0; do
	check "fabric_prot_type: $value" write $value $tpg/attrib/fabric_prot_type
	check_equal "is read back" $value "$(cat $tpg/attrib/fabric_prot_type)"
done
for value in 2 4 -1 1x " " 99999999999; do
	check "fabric_prot_type: \"$value\" is refused" refused "Invalid argument" write "$value" $tpg/attrib/fabric_prot_type
done

for name in tpgt_ tpgt_x tpgt_-1 tpgt_65536 tpg_1 tpgt_1x tpgt_+2 $'tpgt_2\n'; do
	check "${name@Q} is refused" refused "Invalid argument" mkdir "$loopback/$naa/$name"
done

parameters=/sys/module/tcm_loop/parameters
check_equal "an adapter takes as many commands as one of the kernel's own module" 1024 "$(cat "$parameters/can_queue")"
for row in nr_hw_queues:2:4096 can_queue:64:10240 cmd_per_lun:16:10240; do
	IFS=: read -r parameter value most <<<"$row"
	old=$(cat "$parameters/$parameter")
	check "$parameter: $most" write "$most" "$parameters/$parameter"
	check "$parameter: $value" write "$value" "$parameters/$parameter"
	for bad in -1 x $((most + 1)) 100000000; do
		check "$parameter: \"$bad\" is refused" refused "Invalid argument" write $bad "$parameters/$parameter"
	done
	check_equal "$parameter: is read back" "$value" "$(cat "$parameters/$parameter")"
	eval "old_$parameter=$old"
done
check "can_queue: 0 is refused" refused "Invalid argument" write 0 "$parameters/can_queue"
make_ramdisk parameters 16
make_tpg $fc 1 $fc_initiator
link_lun $fc 1 0 rd_mcp_0/parameters
scsi_host=/sys/class/scsi_host/host$(host_of $fc 1)
check_equal "can_queue reaches a new adapter" 64 "$(cat "$scsi_host/can_queue")"
check_equal "cmd_per_lun reaches a new adapter" 16 "$(cat "$scsi_host/cmd_per_lun")"
check_equal "cmd_per_lun is the queue depth of a new disk" 16 "$(cat "$(device_of $fc 1 0)/queue_depth")"
case $(uname -r) in
[1-4].* | 5.[0-9].* | 5.1[0-4].*) skip "a new disk has no I/O scheduler" "the block layer cannot be told before 5.15" ;;
*)
	disk=$(disk_of $fc 1 0)
	check_equal "a new disk has no I/O scheduler" none "$(sed -E 's/.*\[(.*)\].*/\1/' "/sys/block/${disk#/dev/}/queue/scheduler")"
	;;
esac
check "cmd_per_lun: 0" write 0 "$parameters/cmd_per_lun"
other=naa.5001405000000011
make_tpg $other 1 $naa_initiator
link_lun $other 1 0 rd_mcp_0/parameters
check_equal "that is seven eighths of can_queue" 56 "$(cat "$(device_of $other 1 0)/queue_depth")"
check "I/O works with these" verify "$(disk_of $fc 1 0)"
for parameter in nr_hw_queues can_queue cmd_per_lun; do
	eval "write \$old_$parameter $parameters/$parameter"
done
finish
