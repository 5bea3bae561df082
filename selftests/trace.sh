#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The trace events tell the life of a target, a nexus, a LUN and a command.
. "$(dirname "$0")/targets.sh"
begin_test
load_module

tracing=/sys/kernel/tracing
[ -d $tracing/events ] || mount -t tracefs tracefs $tracing 2>/dev/null
[ -d $tracing/events ] || tracing=/sys/kernel/debug/tracing
events=$tracing/events/tcm_loop
[ -d $tracing/events ] || skip_all "this kernel has no trace events"
check_equal "the events" "tcm_loop_complete tcm_loop_fault tcm_loop_lun tcm_loop_nexus tcm_loop_submit tcm_loop_tmr tcm_loop_transport" \
	"$(find $events -mindepth 1 -maxdepth 1 -type d -printf '%f\n' | sort | xargs)"

seen() { # seen EVENT PATTERN: an event of that name was recorded
	grep -E "tcm_loop_$1: $2" $tracing/trace && return
	grep "tcm_loop_$1:" $tracing/trace | tail -n 10
	return 1
}

make_ramdisk trace 16
echo 1 >$events/enable
make_tpg $naa 1 $naa_initiator
check "a nexus is made" seen nexus "$naa tpgt_1 nexus=$naa_initiator\$"
link_lun $naa 1 0 rd_mcp_0/trace
check "a LUN is linked" seen lun "$naa tpgt_1 lun_0 linked\$"
disk=$(disk_of $naa 1 0)
at_rest "$disk"
address=$(basename "$(device_of $naa 1 0)")

echo >$tracing/trace
dd if="$disk" of=/dev/null bs=64k skip=1 count=1 iflag=direct status=none
check "a READ is submitted" seen submit \
	"$address tag=[0-9]+ READ_10 length=65536 cdb=28 00 00 00 00 80 00 00 80 00 (at once|by .*)"
check "and completed" seen complete "$address tag=[0-9]+ READ_10 host=OK status=GOOD residual=0\$"
tag() { sed -nE "s/.*tcm_loop_$1: .* (tag=[0-9]+) READ_10 .*/\1/p" $tracing/trace; }
check_equal "with the same tag" "$(tag submit)" "$(tag complete)"

# Where the core submits directly, only READ and WRITE of memory and of block devices go on at once; see src/submit.c.
way() { sed -nE "s/.*tcm_loop_submit: $1 .* READ_10 .* (at once|by .*)/\1/p" $tracing/trace | tail -n 1; } # way ADDRESS
direct=$(way $address) others="by the target core"
[ "$direct" != "at once" ] || others="by work queue"
sg_raw "$disk" 00 00 00 00 00 00 >/dev/null 2>&1
check "a command without data goes $others" seen submit "$address .* TEST_UNIT_READY .* $others\$"
make_fileio trace 16 /tmp/trace.img
link_lun $naa 1 1 fileio_0/trace
file=$(disk_of $naa 1 1)
at_rest "$file"
dd if="$file" of=/dev/null bs=64k skip=1 count=1 iflag=direct status=none
check_equal "and so does a READ of a file" "$others" "$(way "$(basename "$(device_of $naa 1 1)")")"
unlink_lun $naa 1 1

# A multipath map sends its requests where nothing may sleep: over a block device, where memory may be waited for, none goes on at once.
if modprobe -q dm_multipath && modprobe -q brd rd_nr=1 rd_size=16384 && [ -b /dev/ram0 ] && command -v dmsetup >/dev/null; then
	make_iblock below /dev/ram0
	link_lun $naa 1 2 iblock_0/below
	below=$(disk_of $naa 1 2)
	below_address=$(basename "$(device_of $naa 1 2)")
	at_rest "$below"
	map_of() { # map_of DISK: what is read of a map over it
		dmsetup create traced --table "0 32768 multipath 0 0 1 1 round-robin 0 1 1 $1 1" && dmsetup mknodes traced || failed
		write none "/sys/block/$(basename "$(realpath /dev/mapper/traced)")/queue/scheduler" # else a worker sends it
		echo >$tracing/trace
		dd if=/dev/mapper/traced of=/dev/null bs=64k skip=1 count=1 iflag=direct status=none || failed
		wait_for 60 dmsetup remove traced >/dev/null || failed
	}
	map_of "$below"
	check_equal "a READ of a multipath map over iblock goes $others" "$others" "$(way "$below_address")"
	map_of "$disk"
	check_equal "and over memory as ever" "$direct" "$(way $address)"
	unlink_lun $naa 1 2
	rmdir $core/iblock_0/below
else
	skip "READs of a multipath map" "this kernel has no dm-multipath, or no brd"
fi

# 6.6 and later let the administrator choose; then it is not ours to.
submit_type=$core/rd_mcp_0/trace/attrib/submit_type
if [ -e $submit_type ]; then
	echo >$tracing/trace
	write 2 $submit_type
	dd if="$disk" of=/dev/null bs=64k skip=1 count=1 iflag=direct status=none
	check "with submit_type 2 it goes as the target core decides" seen submit "$address .* READ_10 .* by the target core\$"
	write 0 $submit_type
else
	skip "with submit_type 2 it goes as the target core decides" "this kernel has no submit_type"
fi

sg_raw --request=4096 "$disk" 12 00 00 00 ff 00 >/dev/null 2>&1
check "a residual is told" seen complete "$address .* INQUIRY host=OK status=GOOD residual=[1-9]"
sg_raw "$disk" 28 00 ff ff ff ff 00 00 08 00 >/dev/null 2>&1
check "a failed command" seen complete "$address .* READ_10 host=OK status=CHECK_CONDITION"
sg_reset --device "$disk"
check "a reset, and its answer" seen tmr "$address LUN_RESET tag=0 response=FUNCTION_COMPLETE\$"

write offline $loopback/$naa/tpgt_1/transport_status
check "a port goes offline" seen transport "$naa tpgt_1 offline\$"
sg_raw "$disk" 00 00 00 00 00 00 >/dev/null 2>&1
check "where commands fail" seen complete "$address .* TEST_UNIT_READY host=TRANSPORT_DISRUPTED"
write online $loopback/$naa/tpgt_1/transport_status
check "and online" seen transport "$naa tpgt_1 online\$"

unlink_lun $naa 1 0
check "a LUN is unlinked" seen lun "$naa tpgt_1 lun_0 unlinked\$"
write NULL $loopback/$naa/tpgt_1/nexus
check "a nexus is dropped" seen nexus "$naa tpgt_1 nexus=NULL\$"

echo 0 >$events/enable
echo >$tracing/trace
make_tpg $naa 2 $naa_initiator
check "disabled events are silent" refused "" seen nexus ""
finish
