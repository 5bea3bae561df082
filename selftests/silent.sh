#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A LUN that does not answer: commands that only read, and a program's SYNCHRONIZE CACHE, come back
# at their time-out, and then at once, until it answers.  A file system's flush waits.  The backstore is in user space:
# a tcmu-runner that is stopped, and whose commands have no time-out of TCMU's.
. "$(dirname "$0")/clients.sh"
begin_test
command -v tcmu-runner >/dev/null || skip_all "needs tcmu-runner"
load_module
modprobe -q target_core_user || skip_all "this kernel has no target_core_user"
trap 'pkill -CONT -f systemd-udevd; stop_tcmu_runner; clean_up; rm -rf /tmp/tcmu' EXIT

command_of() { # command_of NAME: its CDB, after the bytes that it reads
	case $1 in
	TEST_UNIT_READY) echo 0 00 00 00 00 00 00 ;;
	REQUEST_SENSE) echo 32 03 00 00 00 20 00 ;;
	INQUIRY) echo 96 12 00 00 00 60 00 ;;
	INQUIRY_83) echo 255 12 01 83 00 ff 00 ;;
	MODE_SENSE_6) echo 64 1a 00 3f 00 40 00 ;;
	MODE_SENSE_10) echo 64 5a 00 3f 00 00 00 00 00 40 00 ;;
	READ_CAPACITY_10) echo 8 25 00 00 00 00 00 00 00 00 00 ;;
	READ_CAPACITY_16) echo 32 9e 10 00 00 00 00 00 00 00 00 00 00 00 20 00 00 ;;
	SYNCHRONIZE_CACHE_10) echo 0 35 00 00 00 00 00 00 00 00 00 ;;
	SYNCHRONIZE_CACHE_16) echo 0 91 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 ;;
	esac
}
# The last command's seconds are $took.
send() { # send NAME: with a time-out of 2 s
	local start=$SECONDS status=0 words
	read -ra words < <(command_of "$1")
	[ "${words[0]}" = 0 ] || set -- "$@" "--request=${words[0]}"
	sg_raw --timeout=2 "${@:2}" "$sg" "${words[@]:1}" || status=$?
	took=$((SECONDS - start))
	return $status
}
scan() { echo "- - -" >"/sys/class/scsi_host/host$(host_of $naa 1)/scan"; }
comes_back() { # comes_back NAME LEAST MOST: without an answer, after so many seconds
	! send "$1" || { echo "was answered"; return 1; }
	[ $took -ge "$2" ] && [ $took -le "$3" ] || { echo "after $took s"; return 1; }
}

tpg=$loopback/$naa/tpgt_1
first=TEST_UNIT_READY
queries="$first INQUIRY INQUIRY_83 MODE_SENSE_6 MODE_SENSE_10 READ_CAPACITY_10 READ_CAPACITY_16 SYNCHRONIZE_CACHE_10 SYNCHRONIZE_CACHE_16"
start_tcmu_runner
make_user silent 16 && write 0 $core/user_0/silent/attrib/cmd_time_out
make_tpg $naa 1 $naa_initiator
link_lun $naa 1 0 user_0/silent
sg=$(sg_of $naa 1 0)
disk=$(disk_of $naa 1 0)
at_rest "$disk"
echo 2 >"$(device_of $naa 1 0)/timeout"
echo "temporary write back" >"$(echo "$(device_of $naa 1 0)"/scsi_disk/*)/cache_type"
answered=
for query in $queries; do
	send $query >/dev/null 2>&1 && answered="$answered $query"
done
check "this backstore answers these: $answered" test -n "$answered"
pkill -STOP -f systemd-udevd

kill -STOP "$tcmu_runner"
check "$first comes back at its time-out" comes_back $first 1 5
check "the TPG tells" grep -q "^lun_0 user_0/silent 1 [1-9]" $tpg/held
for query in $queries; do
	check "then $query comes back at once" comes_back $query 0 1
done
check "a scan of the host ends" within 5 scan
sync "$disk" & # a file system's flush: past its time-out of 4 s
flush=$!
sleep 6
check "a flush waits, as WRITEs do" kill -0 $flush
check_equal "the disk is running" running "$(cat "$(device_of $naa 1 0)/state")"
kill -CONT "$tcmu_runner"
check "it ends when that is answered" wait_for 10 gone $flush
wait $flush
check_equal "without an error" 0 $?
for query in $answered; do
	check "$query is answered again" wait_for 10 send "$query"
done
check_equal "nothing is held" "" "$(cat $tpg/held)"

kill -STOP "$tcmu_runner"
check "$first comes back once more" comes_back $first 1 5
unlink_lun $naa 1 0 &
unlink=$!
sleep 1.5
check "unlinking waits for what came back" kill -0 $unlink
check "and says so" grep -q "lun_0: unlinking it waits for 1 commands" <<<"$(dmesg)"
kill -CONT "$tcmu_runner"
check "it ends when that is answered" wait_for 10 gone $unlink
pkill -CONT -f systemd-udevd
check "drop the nexus" write NULL $tpg/nexus
finish
