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
	dmsetup resume --noudevsync held
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

make_paths() { # make_paths BACKSTORE OTHER: of path 1 and path 2
	local tpgt=0 disk
	for backstore; do
		tpgt=$((tpgt + 1))
		make_tpg $naa $tpgt $naa_initiator
		link_lun $naa $tpgt 0 "$backstore"
		disk=$(disk_of $naa $tpgt 0)
		at_rest "$disk"
		write 2 "$(device_of $naa $tpgt 0)/timeout"
	done
}
remove_paths() { remove_tpg $naa 1 && remove_tpg $naa 2; }
states() { paths "%d %t" | sort | awk '{ print $2 }' | paste -sd " "; }
have_states() { equal "$1" "$(states)"; }
in_flight() { # on path 1: a map's requests do not count in /sys/block/sdX/inflight of 5.10
	local device
	device=$(device_of $naa 1 0)
	[ $(($(cat "$device/iorequest_cnt"))) -gt $(($(cat "$device/iodone_cnt"))) ]
}

# dd sends an ioctl, for which round-robin goes on to the next path, if it is to skip anything.
read_map() { dd if="$map" of=/dev/null bs=4k count=1 iflag=direct status=none; }
write_map() { dd if=/dev/zero of="$map" bs=4k count=1 oflag=direct status=none; }
begin_each() { # begin_each NUMBER COMMAND: its processes are $begun; the next begins though one may wait
	local n
	begun=()
	for ((n = 0; n < $1; n++)); do
		"$2" &
		begun+=($!)
		sleep 0.2
	done
}
have_ended() { # have_ended PID...
	local pid
	waiting=0
	for pid; do
		! kill -0 "$pid" 2>/dev/null || waiting=$((waiting + 1))
	done
	[ $waiting = 0 ] || { echo "$waiting wait"; return 1; }
}

# try CASE CHECKER SELECTOR STATES LEAST MOST: the states of path 1 and 2, and how many of 8 new reads wait
try() {
	local what="$1, $2, $3" held status=0 pid
	configure_multipath "path_checker $2" "path_selector \"$3 0\"" "path_grouping_policy multibus" "prio const" \
		"detect_prio no" "detect_checker no" "no_path_retry queue" "fast_io_fail_tmo off"
	start_multipath
	check "$what: both paths are active" wait_for 60 active_paths 2
	find_map || { tr -d '\0' </tmp/multipathd.log; exit 1; }
	at_rest "/dev/$(basename "$(readlink -f "$map")")"
	pkill -STOP -f systemd-udevd # it would read the map when a path fails
	if [ "$1" = user ]; then
		kill -STOP "$tcmu_runner"
	else
		dmsetup suspend --noudevsync --noflush --nolockfs held
	fi
	begin_each 4 write_map
	held=("${begun[@]}")
	check "$what: path 1 has I/O in flight" wait_for 10 in_flight
	if [ "$4" = "active active" ]; then
		sleep 8 # several checks
		check_equal "$what: they stay active" "$4" "$(states)"
	else
		check "$what: they are $4" wait_for 30 have_states "$4"
	fi
	begin_each 8 read_map
	sleep 3
	have_ended "${begun[@]}" >/dev/null
	say "$what: $waiting of 8 new reads wait"
	check "$what: of 8 new reads $5 to $6 wait" test $waiting -ge "$5" -a $waiting -le "$6"
	check "$what: what was in flight on path 1 still is" in_flight
	answer
	check "$what: all ends within 10 s of the answer" wait_for 10 have_ended "${held[@]}" "${begun[@]}"
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
	try two tur service-time "active active" 0 1
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
