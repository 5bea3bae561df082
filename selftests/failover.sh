#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Four paths in two ALUA groups under multipathd: how each prioritiser sorts
# them, how each path checker finds one that fails and one that is back, and
# failover and failback, when the target changes the state of a group (implicit
# ALUA) and when the host does (explicit ALUA, SET TARGET PORT GROUPS).
. "$(dirname "$0")/clients.sh"
begin_test
command -v multipathd >/dev/null || skip_all "needs multipathd"
load_module
modprobe -q dm_multipath || skip_all "this kernel has no dm-multipath"
modprobe -q -a scsi_dh_alua dm_round_robin

make_ramdisk paths 32
alua=$core/rd_mcp_0/paths/alua
one=$alua/one two=$alua/two
trap 'touch /tmp/stop; stop_multipath; clean_up 2>/dev/null; rmdir $one $two 2>/dev/null; clean_up' EXIT

make_group() { # make_group NAME ID
	mkdir "$alua/$1" && write "$2" "$alua/$1/tg_pt_gp_id"
}
state() { cat "$1/alua_access_state"; } # state GROUP: 0 active/optimized, 1 active/non-optimized, 2 standby, 3 unavailable
set_state() { write "$2" "$1/alua_access_state"; } # set_state GROUP STATE
is_in() { [ "$(state "$1")" = "$2" ]; }
set_type() { write "$1" $one/alua_access_type && write "$1" $two/alua_access_type; } # set_type 1 implicit, 2 explicit, 3 both
set_transport() { # set_transport online|offline TPGT...
	local status=$1 tpgt
	shift
	for tpgt; do
		write "$status" "$loopback/$naa/tpgt_$tpgt/transport_status" || return
	done
}
make_path() { # make_path TPGT: of group one or two
	local group=one
	[ "$1" -le 2 ] || group=two
	make_tpg $naa "$1" $naa_initiator && link_lun $naa "$1" 0 rd_mcp_0/paths &&
		write $group "$loopback/$naa/tpgt_$1/lun/lun_0/alua_tg_pt_gp"
}
check "a group of target ports" make_group one 16
check "another" make_group two 17
set_state $two 1
check "the target alone sets the states" set_type 1 # or the device handler makes each group active/optimized that I/O goes to
for tpgt in 1 2 3 4; do
	check "path $tpgt" make_path $tpgt
	at_rest "$(disk_of $naa $tpgt 0)"
	# The device handler has asked for the group before there was one.
	write 1 "$(device_of $naa $tpgt 0)/rescan"
done

priorities() { paths %p | sort -n | paste -sd " "; }
have_priorities() { equal "$1" "$(priorities)"; }
groups() { dmsetup table "$map" | grep -oE "round-robin 0 [0-9]+" | cut -d' ' -f3 | paste -sd " "; } # paths in each
have_groups() { find_map && equal "$1" "$(groups)"; }
common=("path_selector \"round-robin 0\"" "path_grouping_policy group_by_prio" "failback immediate" "fast_io_fail_tmo off"
	"detect_prio no" "detect_checker no")
# A check's command runs in a subshell, where $multipathd and $map would be lost.
restart() { # restart DESCRIPTION SETTING...: a map with these settings
	local what=$1
	shift
	stop_multipath
	configure_multipath "${common[@]}" "$@"
	start_multipath
	check "$what: a map of four paths" wait_for 60 active_paths 4
	find_map || { tr -d '\0' </tmp/multipathd.log; exit 1; }
}

# Each prioritiser: what it gives to each path, and the path groups that makes.
while read -r prioritiser expected in_groups; do
	restart "prio $prioritiser" "prio $prioritiser" "path_checker tur" "no_path_retry 60"
	check "prio $prioritiser: priorities ${expected//,/ }" wait_for 60 have_priorities "${expected//,/ }"
	check "prio $prioritiser: paths in each group: ${in_groups//,/ }" wait_for 60 have_groups "${in_groups//,/ }"
done <<<"const 1,1,1,1 4
alua 10,10,50,50 2,2
sysfs 10,10,50,50 2,2"

# Each path checker.
for checker in readsector0 directio tur; do
	restart "checker $checker" "prio alua" "path_checker $checker" "no_path_retry 60"
	set_transport offline 1 3
	check "checker $checker: two that are offline have failed" wait_for 60 active_paths 2
	check "checker $checker: the map takes data through the others" verify "$map" --size=1m
	set_transport online 1 3
	check "checker $checker: online, they are back" wait_for 60 active_paths 4
done

# The group that I/O goes through, told by what its disks have read.
ios() { awk '{ print $1 }' "/sys/block/$(basename "$(disk_of $naa "$1" 0)")/stat"; }
reads_of() { echo $(($(ios "$1") + $(ios "$2"))); }
goes_through() { # goes_through one|two
	local one two
	one=$(reads_of 1 2) two=$(reads_of 3 4)
	dd if="$map" of=/dev/null bs=4k count=200 iflag=direct status=none || return
	one=$(($(reads_of 1 2) - one)) two=$(($(reads_of 3 4) - two))
	echo "reads through group one: $one, two: $two"
	# multipathd looks at each path now and then
	if [ "$1" = one ]; then [ $one -ge 200 ] && [ $two -lt 100 ]; else [ $two -ge 200 ] && [ $one -lt 100 ]; fi
}

# Implicit: the target moves its preference, and multipathd follows, under I/O.
rm -f /tmp/stop
begin verify_until /tmp/stop "$map"
check "implicit: I/O goes through group one" wait_for 60 goes_through one
set_state $two 0
set_state $one 2
check "implicit: group one is in standby: through group two" wait_for 60 goes_through two
set_state $one 0
set_state $two 1
check "implicit: and back" wait_for 60 goes_through one

# A path leaves and comes back under I/O.
check "a path is removed" remove_tpg $naa 4
check "three are left" wait_for 60 active_paths 3
check "it is added again" make_path 4
check "it is the map's again" wait_for 60 active_paths 4
touch /tmp/stop
end
check "fio saw no error and no wrong byte" ended_well

# Explicit: group two is in standby until the host says otherwise, which it does
# when no path of group one is left.
set_state $two 2
check "explicit: the host may set the states" set_type 3
restart "explicit" "prio alua" "path_checker tur" "no_path_retry 60"
rm -f /tmp/stop
begin verify_until /tmp/stop "$map"
check "explicit: I/O goes through group one" wait_for 60 goes_through one
check_equal "explicit: group two is in standby" 2 "$(state $two)"
set_transport offline 1 2
check "explicit: without group one the host makes group two active/optimized" wait_for 60 is_in $two 0
check "explicit: I/O goes through it" wait_for 60 goes_through two
set_transport online 1 2
check "explicit: all paths are back" wait_for 60 active_paths 4
touch /tmp/stop
end
check "explicit: fio saw no error and no wrong byte" ended_well

# no_path_retry.
read_map() { dd if="$map" of=/dev/null bs=4k count=1 iflag=direct status=none; }
restart "no_path_retry fail" "prio alua" "path_checker tur" "no_path_retry fail"
set_transport offline 1 2 3 4
check "no_path_retry fail: without a path I/O fails" refused "Input/output error" timeout 30 dd if="$map" of=/dev/null bs=4k count=1 iflag=direct
set_transport online 1 2 3 4
check "no_path_retry fail: with paths it does not" wait_for 60 read_map
restart "no_path_retry queue" "prio alua" "path_checker tur" "no_path_retry queue"
set_transport offline 1 2 3 4
begin read_map
sleep 3
check "no_path_retry queue: without a path I/O waits" refused "" has_ended
set_transport online 1 2 3 4
check "no_path_retry queue: with paths it goes on" wait_for 60 has_ended
end
check "no_path_retry queue: without an error" ended_well
stop_multipath
for tpgt in 1 2 3 4; do
	check "remove path $tpgt" remove_tpg $naa $tpgt
done
check "remove the groups" rmdir $one $two
finish
