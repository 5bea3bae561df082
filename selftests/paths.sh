#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A multipath map over paths that do not answer: for each path checker, which state multipathd
# gives the paths, and what becomes of new I/O and of the I/O that is in flight.
#   one:  both paths have one backstore, over a device-mapper device that is suspended
#   two:  each path has a backstore of its own over one block device; path 1's is suspended
#   user: both paths have one TCMU backstore, whose program is stopped
. "$(dirname "$0")/clients.sh"
begin_test
command -v multipathd >/dev/null || skip_all "needs multipathd"
load_module
needs_mapped
modprobe -q dm_multipath || skip_all "this kernel has no dm-multipath"
modprobe -q dm_round_robin

answer() {
	resume_mapped held
	[ -z "$tcmu_runner" ] || kill -CONT "$tcmu_runner"
	pkill -CONT -f systemd-udevd
} 2>/dev/null
leave() {
	answer
	stop_multipath
	stop_tcmu_runner
	clean_up
	dmsetup remove --retry held
	dmsetup remove --retry straight
	rm -rf /tmp/tcmu
} 2>/dev/null
trap leave EXIT

make_paths() { # make_paths BACKSTORE OTHER: of path 1 and path 2, whose disks are $disks
	local tpgt=0 disk
	disks=()
	for backstore; do
		tpgt=$((tpgt + 1))
		make_tpg $naa $tpgt $naa_initiator
		link_lun $naa $tpgt 0 "$backstore"
		disk=$(disk_of $naa $tpgt 0)
		at_rest "$disk"
		disks+=("${disk#/dev/}")
		write 2 "$(device_of $naa $tpgt 0)/timeout"
	done
}
remove_paths() { remove_tpg $naa 1 && remove_tpg $naa 2; }
states() {
	local shown disk
	shown=$(paths "%d %t")
	for disk in "${disks[@]}"; do
		awk -v disk="$disk" '$1 == disk { print $2 }' <<<"$shown"
	done | paste -sd " "
}
have_states() { equal "$1" "$(states)"; }
checks_of() { echo $(($(cat "$(device_of $naa 1 0)/iorequest_cnt"))); } # of path 1, while nothing else is sent to it
is_outstanding() { # is_outstanding NUMBER: of commands of path 1; inflight in sysfs does not count a map's requests on 5.10
	local device
	device=$(device_of $naa 1 0)
	[ $(($(cat "$device/iorequest_cnt") - $(cat "$device/iodone_cnt"))) -ge "$1" ]
}
was_checked() { [ "$(checks_of)" -gt "$1" ]; } # was_checked TIMES

# dd sends an ioctl, for which round-robin goes on to the next path, if it is to skip anything.
read_map() { dd if="$map" of=/dev/null bs=4k count=1 iflag=direct status=none; }
# More than all reads together, for service-time, which compares bytes in flight.
write_map() { dd if=/dev/zero of="$map" bs=64k count=1 oflag=direct status=none; }
begin_each() { # begin_each NUMBER COMMAND: its processes are $begun; the next begins though one may wait
	local n
	begun=()
	for ((n = 0; n < $1; n++)); do
		"$2" &
		begun+=($!)
		sleep 0.2
	done
}
waiting() { # waiting PID...: how many of them
	local pid count=0
	for pid; do
		! kill -0 "$pid" 2>/dev/null || count=$((count + 1))
	done
	echo $count
}
wait_at_least() { [ "$(waiting "${@:2}")" -ge "$1" ]; } # wait_at_least NUMBER PID...
wait_no_more_than() { [ "$(waiting "${@:2}")" -le "$1" ]; } # likewise

# try CASE CHECKER SELECTOR STATES LEAST MOST: the states of path 1 and 2, and how many of 8 new reads wait
try() {
	local what="$1, $2, $3" held status=0 pid checks_before least
	configure_multipath "path_checker $2" "path_selector \"$3 0\"" "path_grouping_policy multibus" "prio const" \
		"detect_prio no" "detect_checker no" "no_path_retry queue" "fast_io_fail_tmo off"
	start_multipath
	check "$what: both paths are active" wait_for 60 active_paths 2
	find_map || failed "$@"
	at_rest "/dev/$(basename "$(readlink -f "$map")")"
	pkill -STOP -f systemd-udevd # it would read the map when a path fails
	if [ "$1" = user ]; then
		kill -STOP "$tcmu_runner"
	else
		hold_mapped held
	fi
	begin_each 4 write_map
	held=("${begun[@]}")
	if [ "$4" = "active active" ]; then
		sleep 1
		checks_before=$(checks_of)
		check "$what: path 1 is checked four times" wait_for 60 was_checked $((checks_before + 3))
		check_equal "$what: they stay active" "$4" "$(states)"
	else
		check "$what: they are $4" wait_for 30 have_states "$4"
	fi
	begin_each 8 read_map
	sleep 1
	check "$what: of 8 new reads $6 wait at most" wait_for 20 wait_no_more_than "$6" "${begun[@]}"
	sleep 2
	check "$what: and $5 at least" wait_at_least "$5" "${begun[@]}"
	say "$what: $(waiting "${begun[@]}") of 8 new reads wait, and $(waiting "${held[@]}") of 4 writes from before"
	check "$what: what was in flight still is" wait_at_least 1 "${held[@]}"
	[ "$2" = tur ] && least=1 || least=2 # beside the READ of directio
	check "$what: on path 1" is_outstanding $least
	answer
	check "$what: all ends within 10 s of the answer" wait_for 10 wait_no_more_than 0 "${held[@]}" "${begun[@]}" ||
		dmsetup message "$map" 0 fail_if_no_path
	for pid in "${held[@]}" "${begun[@]}"; do
		wait "$pid" || status=$?
	done
	check_equal "$what: without an error" 0 $status
	check "$what: and both paths are active" wait_for 30 have_states "active active"
	stop_multipath
}

make_mapped held
make_paths iblock_0/held iblock_0/held
try one tur round-robin "active active" 8 8
try one directio round-robin "failed failed" 8 8
check "one: the paths go" remove_paths

make_mapped straight
for name in held straight; do
	write feed $core/iblock_0/$name/wwn/vpd_unit_serial
done
make_paths iblock_0/held iblock_0/straight
try two tur round-robin "active active" 2 6
if modprobe -q dm_service_time; then
	try two tur service-time "active active" 0 0
else
	skip "two, tur, service-time" "this kernel has no dm-service-time"
fi
try two directio round-robin "failed active" 0 0
check "two: the paths go" remove_paths

if command -v tcmu-runner >/dev/null && modprobe -q target_core_user; then
	start_tcmu_runner
	make_user paths 16 && write 0 $core/user_0/paths/attrib/cmd_time_out
	write feed $core/user_0/paths/wwn/vpd_unit_serial
	make_paths user_0/paths user_0/paths
	try user tur round-robin "failed failed" 8 8
	try user directio round-robin "failed failed" 8 8
	check "user: the paths go" remove_paths
else
	skip "user" "needs tcmu-runner and target_core_user"
fi
finish
