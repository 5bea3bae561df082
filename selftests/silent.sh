#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A LUN that does not answer: commands that only read, but for READ CAPACITY and MODE SENSE, and a program's SYNCHRONIZE CACHE,
# come back at their time-out, and then at once, until it answers; all others wait, and
# a file system's flush.  Suspend does not ask a program that is frozen.  The backstore is in user space: a tcmu-runner that is stopped,
# and whose commands have no time-out of TCMU's.
. "$(dirname "$0")/clients.sh"
begin_test
command -v tcmu-runner >/dev/null || skip_all "needs tcmu-runner"
load_module
modprobe -q target_core_user || skip_all "this kernel has no target_core_user"
trap 'pkill -CONT -f systemd-udevd; stop_tcmu_runner; clean_up; rm -rf /tmp/tcmu' EXIT

command_of() { # command_of NAME: its CDB, after the bytes that it reads, and those that it writes
	case $1 in
	TEST_UNIT_READY) echo 0 0 00 00 00 00 00 00 ;;
	REQUEST_SENSE) echo 32 0 03 00 00 00 20 00 ;;
	INQUIRY) echo 96 0 12 00 00 00 60 00 ;;
	INQUIRY_83) echo 255 0 12 01 83 00 ff 00 ;;
	INQUIRY_EE) echo 255 0 12 01 ee 00 ff 00 ;;
	REPORT_LUNS) echo 64 0 a0 00 00 00 00 00 00 00 00 40 00 00 ;;
	MODE_SENSE_6) echo 64 0 1a 00 3f 00 40 00 ;;
	MODE_SENSE_10) echo 64 0 5a 00 3f 00 00 00 00 00 40 00 ;;
	LOG_SENSE) echo 64 0 4d 00 40 00 00 00 00 00 40 00 ;;
	PERSISTENT_RESERVE_IN) echo 64 0 5e 00 00 00 00 00 00 00 40 00 ;;
	REPORT_TARGET_PORT_GROUPS) echo 64 0 a3 0a 00 00 00 00 00 00 00 40 00 00 ;;
	READ_CAPACITY_10) echo 8 0 25 00 00 00 00 00 00 00 00 00 ;;
	READ_CAPACITY_16) echo 32 0 9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00 ;;
	SYNCHRONIZE_CACHE_10) echo 0 0 35 00 00 00 00 00 00 00 00 00 ;;
	SYNCHRONIZE_CACHE_16) echo 0 0 91 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ;;
	RELEASE) echo 0 0 17 00 00 00 00 00 ;;
	READ_10) echo 4096 0 28 00 00 00 00 08 00 00 08 00 ;;
	READ_16) echo 4096 0 88 00 00 00 00 00 00 00 00 08 00 00 00 08 00 00 ;;
	WRITE_10) echo 0 4096 2a 00 00 00 00 08 00 00 08 00 ;;
	WRITE_16) echo 0 4096 8a 00 00 00 00 00 00 00 00 08 00 00 00 08 00 00 ;;
	UNMAP) echo 0 24 42 00 00 00 00 00 00 00 18 00 ;;
	START_STOP_UNIT) echo 0 0 1b 00 00 00 01 00 ;;
	esac
}
send() { # send NAME: its time-out is 2 s, or $timeout
	local words
	read -ra words < <(command_of "$1")
	[ "${words[0]}" = 0 ] || set -- "$@" "--request=${words[0]}"
	[ "${words[1]}" = 0 ] || set -- "$@" "--send=${words[1]}" --infile=/dev/zero
	timeout 60 sg_raw --timeout="${timeout:-2}" "${@:2}" "$sg" "${words[@]:2}"
}
answer() { # answer NAME: data, or sense data, and status
	local status=0
	send "$1" 2>&1 || status=$?
	echo "status $status"
}
scan() { echo "- - -" >"/sys/class/scsi_host/host$(host_of $naa 1)/scan"; }
comes_back() { # comes_back NAME LEAST MOST: without an answer, after so many seconds
	local start=$SECONDS
	within "$3" refused "" send "$1" || return
	[ $((SECONDS - start)) -ge "$2" ] || { echo "too early"; return 1; }
}

tpg=$loopback/$naa/tpgt_1
first=TEST_UNIT_READY
queries="$first REQUEST_SENSE INQUIRY INQUIRY_83 INQUIRY_EE REPORT_LUNS LOG_SENSE PERSISTENT_RESERVE_IN
	REPORT_TARGET_PORT_GROUPS SYNCHRONIZE_CACHE_10 SYNCHRONIZE_CACHE_16"
others="READ_CAPACITY_10 READ_CAPACITY_16 MODE_SENSE_6 MODE_SENSE_10 READ_10 READ_16 WRITE_10 WRITE_16 UNMAP START_STOP_UNIT"
start_tcmu_runner
make_user silent 16 && write 0 $core/user_0/silent/attrib/cmd_time_out
make_tpg $naa 1 $naa_initiator
make_ramdisk beside 16
link_lun $naa 1 1 rd_mcp_0/beside
link_lun $naa 1 0 user_0/silent
sg=$(sg_of $naa 1 0)
disk=$(disk_of $naa 1 0)
at_rest "$disk"
write 2 "$(device_of $naa 1 0)/timeout"
echo "temporary write back" >"$(echo "$(device_of $naa 1 0)"/scsi_disk/*)/cache_type"
declare -A before
answered=
for command in $queries $others; do
	before[$command]=$(answer "$command")
	[[ ${before[$command]} != *"status 0" ]] || answered="$answered $command"
done
check "this backstore answers these:$answered" test -n "$answered"
pkill -STOP -f systemd-udevd

if can_suspend; then
	dd if=/dev/zero of="$disk" bs=4k count=16 oflag=direct status=none
	check "suspend goes on, although the disk has a cache and its program is frozen" suspends devices
	check_equal "and nothing is held" "" "$(cat $tpg/held)"
else
	skip "suspend goes on, although the disk has a cache and its program is frozen" "this kernel has no test of suspend"
fi

kill -STOP "$tcmu_runner"
check "$first comes back at its time-out" comes_back $first 1 5
check "the TPG tells" grep -q "^lun_0 user_0/silent 1 [1-9]" $tpg/held
timeout=20 # what is waited for comes after that
for query in $queries; do
	check "then $query comes back at once" comes_back "$query" 0 1 || break
done
timeout=
check "RELEASE is answered: the target core executes it" send RELEASE
check "so that $first is sent again, and comes back at its time-out" comes_back $first 1 5
check "a scan of the host ends" within 5 scan
size=$(cat "/sys/class/block/${disk##*/}/size")
write 1 "$(device_of $naa 1 0)/rescan" &
rescan=$!
sync "$disk" & # a file system's flush: past its time-out of 4 s
flush=$!
sleep 6
check "a flush waits, as WRITEs do" kill -0 $flush
check "a rescan of the disk waits" kill -0 $rescan
check_equal "the disk keeps its size" "$size" "$(cat "/sys/class/block/${disk##*/}/size")"
check_equal "the disk is running" running "$(cat "$(device_of $naa 1 0)/state")"
kill -CONT "$tcmu_runner"
check "it ends when that is answered" wait_for 10 gone $flush
wait $flush
check_equal "without an error" 0 $?
check "so does the rescan" wait_for 10 gone $rescan
check_equal "and the size is as it was" "$size" "$(cat "/sys/class/block/${disk##*/}/size")"
check "$first is answered again" wait_for 10 send $first
for command in $queries $others; do
	check_equal "$command is answered as before" "${before[$command]}" "$(answer "$command")"
done
check_equal "nothing is held" "" "$(cat $tpg/held)"

write 30 "$(device_of $naa 1 0)/timeout"
kill -STOP "$tcmu_runner"
declare -A sent
for command in $others; do
	answer "$command" >"/tmp/tcmu/$command" &
	sent[$command]=$!
done
sleep 5
for command in $others; do
	check "$command waits past its time-out" kill -0 "${sent[$command]}"
done
check_equal "the TPG does not tell of what is younger than the disk's time-out" "" "$(cat $tpg/held)"
write 2 "$(device_of $naa 1 0)/timeout"
check_equal "but of all 10 when that is shorter" "lun_0 user_0/silent 10" "$(cut -d " " -f 1-3 $tpg/held)"
kill -CONT "$tcmu_runner"
for command in $others; do
	check "$command ends when it is answered" wait_for 10 gone "${sent[$command]}"
	check_equal "with that answer" "${before[$command]}" "$(cat "/tmp/tcmu/$command")"
done

kill -STOP "$tcmu_runner"
check "$first comes back once more" comes_back $first 1 5
kill -CONT "$tcmu_runner"
check "and is answered again when no other command was" wait_for 10 send $first
if can_suspend; then
	copy() { sg_raw "$(sg_of $naa 1 1)" 83 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00; }
	check "EXTENDED COPY to another LUN, which may write to this one" copy
	check "suspend goes on, as the cache is written back after it" suspends devices
	kill -STOP "$tcmu_runner"
	refused "Input/output error" suspends devices >/tmp/tcmu/suspend 2>&1 &
	suspend=$!
	check "suspend waits for the cache" wait_for 10 grep -q user_0/silent $tpg/held
	check "EXTENDED COPY meanwhile" copy
	kill -CONT "$tcmu_runner"
	wait $suspend
	check_equal "suspend fails, as sd's flush is not answered without the backstore" "0 " "$? $(cat /tmp/tcmu/suspend)"
	check "$first is answered when the program is thawed" wait_for 10 send $first
else
	skip "EXTENDED COPY before suspend" "this kernel has no test of suspend"
fi
kill -STOP "$tcmu_runner"
check "and comes back" comes_back $first 1 5
unlink_lun $naa 1 0 &
unlink=$!
sleep 1.5
check "unlinking waits for what came back" kill -0 $unlink
check "and says so" grep -q "lun_0: unlinking it waits for 1 commands" <<<"$(dmesg)"
kill -CONT "$tcmu_runner"
check "it ends when that is answered" wait_for 10 gone $unlink
pkill -CONT -f systemd-udevd
check "unlink the LUN beside it" unlink_lun $naa 1 1
check "drop the nexus" write NULL $tpg/nexus
finish
