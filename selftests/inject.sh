#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Faults and delays on demand (doc/faults.md): each type of rule does what it says, as often as it says, to the commands that
# it is for, and to no others; what it swallows goes to the SCSI layer's error handler at its time-out, and ends when the rule is taken
# away or the LUN is unlinked; a line that is wrong is refused with the field that is.
. "$(dirname "$0")/clients.sh"
begin_test
load_module
debug=/sys/kernel/debug
mountpoint -q $debug || mount -t debugfs debugfs $debug 2>/dev/null
[ -d $debug/tcm_loop ] || skip_all "this kernel has no debugfs, or this module has no faults"
trap 'pkill -CONT -f systemd-udevd; stop_multipath; clean_up; rm -rf /tmp/inject' EXIT
mkdir -p /tmp/inject

directory() { echo $debug/tcm_loop/"$(host_of $naa 1):0:1:$1"; } # directory LUN
rule() { printf '%s\n' "$1" | cat >"$error"; } # rule LINES: in one write, which bash's own would not be
clear_rules() { rule 0 || failed; }
read_at() { dd if="$disk" of=/dev/null bs=4k count=1 skip="$1" iflag=direct status=none; } # read_at NUMBER: of 4 KiB
one_read() { read_at 0; }
one_write() { dd if=/dev/zero of="$disk" bs=4k count=1 oflag=direct status=none; }
not() { ! "$@"; }
raw_read() { sg_raw --timeout=30 --request=4096 "$sg" 28 00 00 00 "$@" 00 00 08 00; } # raw_read LBA LBA, hexadecimal
refused_rule() { # refused_rule MESSAGE LINE: with a line in the log
	! rule "$2" 2>/dev/null || { echo "accepted: $2"; return 1; }
	dmesg | tail -n 1 | grep -F "lun_0: $1" || { dmesg | tail -n 1; return 1; }
}
milliseconds() { # milliseconds COMMAND...: how long it takes; it may fail
	local start
	start=$(date +%s%N)
	"$@" >/dev/null 2>&1
	echo $((($(date +%s%N) - start) / 1000000))
}
lasts() { # lasts LEAST MOST COMMAND...: in ms
	local took least=$1 most=$2
	shift 2
	took=$(milliseconds "$@")
	[ "$took" -ge "$least" ] && [ "$took" -le "$most" ] || { echo "took $took ms"; return 1; }
}
count_of() { cut -d ' ' -f 2 <"$error" | head -n 1; } # of the first rule
tracing=/sys/kernel/tracing
[ -d $tracing/events ] || mount -t tracefs tracefs $tracing 2>/dev/null
[ -d $tracing/events ] || tracing=/sys/kernel/debug/tracing
traced() { grep -cE "$1" $tracing/trace; } # traced REGEX: how often
trace_anew() { echo >$tracing/trace; }

make_ramdisk inject 64
make_ramdisk beside 16
make_tpg $naa 1
link_lun $naa 1 0 rd_mcp_0/inject
link_lun $naa 1 1 rd_mcp_0/beside
error=$(directory 0)/error
check "a linked LUN has its file before it has a disk" test -f "$error"
check_equal "which only root can use" 600 "$(stat -c %a "$error")"

# scsi_debug's own examples, and its file.
examples=("0 -10 0x12" "0 1 0x12" "1 1 0x12 0x1055" "2 -10 0x88 0 0 0x2 0x3 0x11 0x0" "3 -10 0x12" "4 -10 0xff" "0 -2 12")
for example in "${examples[@]}"; do
	check "taken: $example" rule "$example"
done
check_equal "one of the same type and opcode takes the place of the last" "1 1 0x12 0x1055
2 -10 0x88 0x0 0x0 0x2 0x3 0x11 0x0
3 -10 0x12
4 -10 0xff
0 -2 0x12" "$(cat "$error")"
cat "$error" >/tmp/inject/rules
check "taken: - 0 0x12" rule "- 0 0x12"
check_equal "and that rule is gone" 4 "$(wc -l <"$error")"
clear_rules
check_equal "0 clears all" "" "$(cat "$error")"
check "what was read can be written, all at once" rule "$(cat /tmp/inject/rules)"
check_equal "and is the same" "$(cat /tmp/inject/rules)" "$(cat "$error")"
check "taken: conditions" rule "2 -1 2a 0 0 2 3 11 0 lba=1000+8 every=3 p=50"
check_equal "and shown" "2 -1 0x2a 0x0 0x0 0x2 0x3 0x11 0x0 lba=1000+8 every=3 p=50" "$(tail -n 1 "$error")"
before=$(cat "$error")
check "no type" refused_rule 'fault rule: type "5"; accepted: 0, 1, 2, 3, 4, 16, 17, 21' "5 1 ff"
check "no count" refused_rule 'fault rule: count "x"; accepted: -N' "0 x ff"
check "no opcode" refused_rule 'fault rule: opcode "100"; accepted: 0 to fe' "0 1 100"
check "no return value" refused_rule 'fault rule: return value of queuecommand "0"; accepted: 1055' "1 1 ff 0"
check "a missing field" refused_rule 'fault rule: additional sense code is missing' "2 1 ff 0 0 2 3"
check "no sense key" refused_rule 'fault rule: sense key "10"; accepted: 0 to f' "2 1 ff 0 0 2 10 0 0"
check "no range" refused_rule 'fault rule: lba "8+0"; accepted: START+COUNT' "0 1 ff lba=8+0"
check "no percentage" refused_rule 'fault rule: p "101"; accepted: 1 to 100' "0 1 ff p=101"
check "too much" refused_rule 'fault rule: end of the line "7"' "0 1 ff 7"
check "too long a delay" refused_rule 'fault rule: delay "300001"; accepted: 1 to 300000' "16 1 ff 300001"
check "no such rule" refused_rule 'no fault rule of type 0 and opcode 0x77' "- 0 77"
check "a bad line behind a good one" refused_rule 'fault rule: type "9"' $'0 1 33\n9 1 ff'
check_equal "and nothing has changed" "$before" "$(cat "$error")"
clear_rules
many=$(for opcode in {1..64}; do printf '0 0 %x\n' "$opcode"; done)
check "64 rules" rule "$many"
check "and no more" not rule "0 0 77"
check "but another of these" rule "0 -1 1"
clear_rules

# The TPG's file.
faults=$loopback/$naa/tpgt_1/faults
write "1 16 1 ff 200" $faults
write "0 0 0 12" $faults
check_equal "the TPG's file takes and shows the same for each LUN" "0 0 0 0x12
1 16 1 0xff 200" "$(cat $faults)"
check_equal "as the LUN's does" "0 0 0x12" "$(cat "$error")"
check "a LUN that is not linked" refused "Invalid argument" write "7 0 0 12" $faults
check "the log says so" grep -q 'faults "7 0 0 12"; accepted: the number of a linked LUN' <<<"$(dmesg | tail -n 1)"
check "a line that is wrong" refused "Invalid argument" write "0 0 0 zz" $faults
write $'0 0\n1 0' $faults
check_equal "and clears" "" "$(cat $faults)"

# Rules that are there before the disk.
rule "2 -1 12 0 0 2 5 24 0"
write $naa_initiator $loopback/$naa/tpgt_1/nexus
check_equal "the first INQUIRY was hit" 0 "$(count_of)"
clear_rules
write "- - -" "/sys/class/scsi_host/host$(host_of $naa 1)/scan"
disk=$(disk_of $naa 1 0) beside=$(disk_of $naa 1 1) sg=$(sg_of $naa 1 0)
device=$(device_of $naa 1 0)
at_rest "$disk"
at_rest "$beside"
pkill -STOP -f systemd-udevd # it reads what was written to
write 1 "$(dirname $tracing/events/tcm_loop/x)/enable"

# Answers.
rule "2 -2 28 0 0 2 3 11 0"
check "a medium error: READ fails" not one_read
check "WRITE does not" one_write
check "READ fails once more" not one_read
check "and then not" one_read
check_equal "the count is used up" 0 "$(count_of)"
dd if=/dev/urandom of=/tmp/inject/data bs=1M count=1 status=none
dd if=/tmp/inject/data of="$disk" bs=1M oflag=direct status=none
rule "2 1 28 0 0 2 3 11 0 lba=1000+8"
check "blocks 1000 to 1007: READ before them is good" raw_read 03 e0
check "READ behind them is good" raw_read 03 f0
trace_anew
check "READ from the first of them on" has "unrecovered read error" "$(raw_read 03 e8 2>&1)"
check_equal "and moves nothing" 1 "$(traced "tcm_loop_complete: .* READ_10 host=OK status=CHECK_CONDITION residual=4096")"
check "READ that reaches the first" has "info fld=0x3e8|info=0x3e8|00000000000003e8|f0 00 03 00 00 03 e8" "$(raw_read 03 e1 2>&1)"
check "READ that begins at the last" has "info fld=0x3ef|info=0x3ef|f0 00 03 00 00 03 ef" "$(raw_read 03 ef 2>&1)"
dmesg -C
dd if="$disk" of=/tmp/inject/read bs=1M count=1 status=none 2>/dev/null
check_equal "through the page cache 1 MiB is read up to there" 512000 "$(stat -c %s /tmp/inject/read)"
check "and is what was written" cmp -n 512000 /tmp/inject/data /tmp/inject/read
check "and the block layer names the medium" grep -q "critical medium error" <<<"$(dmesg)"
clear_rules
rule "17 -1 ff 6 2a 9"
check "INQUIRY gets no unit attention" sg_inq "$sg"
check "TEST UNIT READY does" has "capacity data has changed" "$(sg_raw "$sg" 00 00 00 00 00 00 2>&1)"
check "once" sg_raw "$sg" 00 00 00 00 00 00
rule "2 1 28 0 0 2 3 11 0 every=3"
hit=''
for number in 1 2 3 4 5 6; do
	one_read 2>/dev/null || hit="$hit $number"
done
check_equal "every third" " 3 6" "$hit"
rule "2 1 28 0 0 2 3 11 0 p=50"
hit=0
for ((number = 0; number < 100; number++)); do
	one_read 2>/dev/null || hit=$((hit + 1))
done
check "half of a hundred ($hit)" test $hit -ge 25 -a $hit -le 75
clear_rules
# What the block layer makes of answers: doc/faults.md.
while IFS=: read -r line result; do
	rule "$line"
	check "$line: $result" has "^${result/good/$}" "$(one_read 2>&1 | sed 's/.*: //')"
	clear_rules
done <<END
2 -1 28 0 0 2 3 11 0:No data available
2 -1 28 0 0 2 4 44 0:Remote I/O error
2 -5 28 0 0 2 b 0 0:good
2 -6 28 0 0 2 b 0 0:Input/output error
2 -20 28 0 0 8 0 0 0:good
2 -20 28 0 0 28 0 0 0:good
2 -1 28 0 0 18 0 0 0:Invalid exchange
2 -1 28 1 0 0 0 0 0:Input/output error
2 -1 28 4 0 0 0 0 0:Input/output error
2 -5 28 7 0 0 0 0 0:good
2 -6 28 7 0 0 0 0 0:Input/output error
2 -1 28 f 0 0 0 0 0:Link has been severed
END
rule "2 -100 28 4 0 0 0 0 0"
rule "2 -50 2a 4 0 0 0 0 0"
fio --name=load --filename="$disk" --direct=1 --rw=randrw --bs=4k --numjobs=16 --loops=2 --size=2m --group_reporting \
	--continue_on_error=all --output-format=json --output=/tmp/inject/fio.json >/dev/null 2>&1
check_equal "under 16 jobs 150 I/Os fail" 150 \
	"$(python3 -c 'import json; print(json.load(open("/tmp/inject/fio.json"))["jobs"][0]["total_err"])')"
clear_rules

# queuecommand returns.
for value in 1055 1056 1057 1058; do
	rule "1 -3 28 $value"
	check "queuecommand returns 0x$value: READ is tried again" one_read
	check_equal "three times" 0 "$(count_of)"
	clear_rules
done

# Never answered.
write 2 "$device/timeout"
write 2 "$(device_of $naa 1 1)/timeout"
trace_anew
rule "0 -1 28"
check "never answered, once: READ is aborted at its time-out, and is good the second time" lasts 1900 9000 one_read
check_equal "one fault" 1 "$(traced "tcm_loop_fault: .* READ_10 never answered")"
check_equal "no reset" 0 "$(traced "tcm_loop_tmr:")"
check "it is good" one_read
rule $'0 -1 28\n3 -1 28'
trace_anew
check "and abort fails: READ is good" one_read
check_equal "after one reset of the logical unit" 1 "$(traced "tcm_loop_tmr: .* LUN_RESET .*FUNCTION_COMPLETE")"
clear_rules
rule $'0 -1 28\n3 -1 28\n4 -1 ff'
trace_anew
check "and reset fails: READ is good" one_read
check "after a reset of the target ID" test "$(traced "tcm_loop_tmr: .* LUN_RESET .*FUNCTION_COMPLETE")" -ge 1
check_equal "all three are used up" "0 0 0" "$(cut -d ' ' -f 2 "$error" | xargs)"
check_equal "the disk is running" running "$(cat "$device/state")"
clear_rules
# Else sd takes a disk offline that answers TEST UNIT READY, but no READ.
write 1000 "$(echo "$device"/scsi_disk/*)/max_medium_access_timeouts"
write 1 "$device/timeout"
rule "0 1 28"
one_read 2>/dev/null &
reader=$!
check "never answered, always: READ ends with an error" wait_for 60 gone $reader
wait $reader
check "which is one" test $? != 0
clear_rules
check "without the rule it is good" one_read
check_equal "the disk is running" running "$(cat "$device/state")"

# What is swallowed ends.
write 60 "$device/timeout"
rule "0 1 28"
one_read &
reader=$!
sleep 1
check "swallowed: READ waits" kill -0 $reader
check "not so the neighbour's" dd if="$beside" of=/dev/null bs=4k count=1 iflag=direct status=none
check_equal "the backstore does not hold it" "" "$(cat $loopback/$naa/tpgt_1/held)"
rule "0 1 2a"
rule "- 0 28"
check "the rule is removed: READ ends" wait_for 10 gone $reader
wait $reader
check_equal "well" 0 $?
one_write &
writer=$!
sleep 1
check "swallowed: WRITE waits" kill -0 $writer
clear_rules
check "all are cleared: WRITE ends" wait_for 10 gone $writer
wait $writer
check_equal "well" 0 $?
rule "0 -1 28"
one_read &
reader=$!
sleep 1
check "a LOGICAL UNIT RESET goes on" sg_reset --no-esc --device "$sg"
check "and ends what is swallowed" wait_for 10 gone $reader
wait $reader
check_equal "well" 0 $?
rule "4 1 ff"
check "a reset that is to fail does" not sg_reset --no-esc --device "$sg"
clear_rules
check "and then not" sg_reset --no-esc --device "$sg"
take_attentions "$disk"

# Delays.
rule "16 -2 28 3000"
check "delayed by 3 s: READ" lasts 3000 5900 one_read
check "WRITE is not" lasts 0 2900 one_write
check "nor is the neighbour's READ" lasts 0 2900 dd if="$beside" of=/dev/null bs=4k count=1 iflag=direct status=none
check "READ once more" lasts 3000 5900 one_read
check "and then not" lasts 0 2900 one_read
rule "16 1 28 300"
fio --name=load --filename="$disk" --direct=1 --ioengine=libaio --iodepth=16 --rw=randread --bs=4k --size=64k --output-format=json \
	--output=/tmp/inject/fio.json >/dev/null 2>&1
took=$(python3 -c 'import json; print(json.load(open("/tmp/inject/fio.json"))["jobs"][0]["read"]["runtime"])')
check "16 at once are delayed together ($took ms)" test "$took" -ge 300 -a "$took" -lt 2400
rule "16 1 2a 50"
check "data comes back that was written late" verify "$disk" --size=1m
clear_rules
write 1 "$device/timeout"
rule "16 1 28 4000"
trace_anew
check "a delay beyond the time-out: READ waits, as for a backstore" lasts 4000 9000 one_read
check_equal "and is sent once" 1 "$(traced "tcm_loop_submit: .* READ_10")"
clear_rules
rule "16 1 00 10000"
trace_anew
check "TEST UNIT READY does not" not sg_raw --timeout=2 "$sg" 00 00 00 00 00 00
check_equal "it comes back at its time-out" 1 "$(traced "tcm_loop_complete: .* TEST_UNIT_READY host=TRANSPORT_FAILFAST")"
clear_rules
write 60 "$device/timeout"
rule "16 1 28 60000"
one_read &
reader=$!
sleep 1
check "delayed by a minute: READ waits" kill -0 $reader
clear_rules
check "until the rule is cleared" wait_for 10 gone $reader
wait $reader
check_equal "and ends well" 0 $?

# The answer is lost.
write 2 "$device/timeout"
rule "21 -1 2a"
trace_anew
check "the answer is lost: WRITE is good the second time" lasts 1900 9000 one_write
check_equal "and was executed twice" 2 "$(traced "tcm_loop_submit: .* WRITE_10")"
check_equal "and answered once" 1 "$(traced "tcm_loop_complete: .* WRITE_10")"
rule "21 -1 00"
check "a command's that lies apart: TEST UNIT READY comes back at its time-out" lasts 1000 9000 sg_raw --timeout=2 "$sg" 00 00 00 00 00 00
check "and then is answered" sg_raw "$sg" 00 00 00 00 00 00
clear_rules

pkill -CONT -f systemd-udevd

# Who has a disk deleted keeps its rules.
rule "2 1 28 0 0 2 3 11 0 lba=1000+8"
write 1 "$device/delete"
write "0 1 0" "/sys/class/scsi_host/host$(host_of $naa 1)/scan"
disk=$(disk_of $naa 1 0) sg=$(sg_of $naa 1 0)
check_equal "a disk that was deleted and found again has the rule" "2 1 0x28 0x0 0x0 0x2 0x3 0x11 0x0 lba=1000+8" "$(cat "$error")"
check "which has its effect" not read_at 125
clear_rules
at_rest "$disk"

# Two paths.
if modprobe -q dm_multipath && command -v dmsetup >/dev/null; then
	make_tpg $naa 2 $naa_initiator
	link_lun $naa 2 0 rd_mcp_0/inject
	second=$(disk_of $naa 2 0)
	at_rest "$second"
	second_error=$debug/tcm_loop/"$(host_of $naa 2):0:2:0"/error
	dmsetup create inject --table "0 131072 multipath 0 0 1 1 round-robin 0 2 1 $disk 1 $second 1" || failed
	map_read() { dd if=/dev/mapper/inject of=/dev/null bs=4k count=1 iflag=direct status=none; }
	dmsetup mknodes inject
	check "two paths: READ is good" map_read
	rule "2 1 28 0 0 2 3 11 0"
	cat "$error" >"$second_error"
	check "a medium error of both is an error" has "No data available" "$(map_read 2>&1)"
	check "and fails no path" not has " F " "$(dmsetup status inject)"
	clear_rules
	rule "2 1 28 f 0 0 0 0 0"
	echo 0 >"$second_error"
	check "a path that is gone: READ is good by the other" map_read
	check "once more" map_read
	check_equal "and one path has failed" 1 "$(dmsetup status inject | grep -o " F " | wc -l)"
	clear_rules
	wait_for 30 dmsetup remove inject
	remove_tpg $naa 2
else
	skip "two paths" "this kernel has no dm-multipath"
fi

# A disk of more than 2^32 blocks has sense data in descriptor format.
if mkdir $core/rd_mcp_0/large && write rd_pages=600000000,rd_nullio=1 $core/rd_mcp_0/large/control 2>/dev/null &&
	write 1 $core/rd_mcp_0/large/enable 2>/dev/null; then
	link_lun $naa 1 2 rd_mcp_0/large
	large=$(sg_of $naa 1 2)
	printf '2 1 88 0 0 2 3 11 0 lba=4300000000+8' >"$(directory 2)/error"
	sense=$(sg_raw --timeout=30 --request=4096 "$large" 88 00 00 00 00 01 00 4c cb 00 00 00 00 08 00 00 2>&1)
	check "of block 4300000000 sense data in descriptor format tells" has "72 03 11 00 00 00 00 0c 00 0a 80 00|descriptor format" "$sense"
	check "the block" has "1004ccb00|00 01 00 4c cb 00" "$sense"
	at_rest "$(disk_of $naa 1 2)"
	unlink_lun $naa 1 2
else
	skip "descriptor format" "this kernel has no such large RAM disk"
fi

# Rules, and what they have, when all of it goes.
write 60 "$(device_of $naa 1 0)/timeout"
exec {open}<"$error"
rule $'0 1 28\n16 1 2a 60000'
one_read 2>/dev/null &
reader=$!
one_write 2>/dev/null &
writer=$!
sleep 1
check "unlinking a LUN with a command that is swallowed, and one that is delayed" within 20 unlink_lun $naa 1 0
check "ends both" wait_for 10 gone $reader
check "of them" wait_for 10 gone $writer
check "the file is gone" test ! -e "$error"
check "and is so for who has it open" not cat <&$open
check "the TPG's has nothing either" test -z "$(cat $faults)"
exec {open}<&-
link_lun $naa 1 0 rd_mcp_0/inject
check_equal "linked again it has no rules" "" "$(cat "$error")"
disk=$(disk_of $naa 1 0)
check "and takes data and gives it back" verify "$disk" --size=2m
write 0 $tracing/events/tcm_loop/enable
check "all is removed" clean_up
check_equal "and nothing is left in debugfs" "" "$(ls $debug/tcm_loop)"
check "the module goes" unload_module
check "with its directory" test ! -e $debug/tcm_loop
load_module
finish
