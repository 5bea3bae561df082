#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# multipathd over one logical unit with two target ports of different ALUA
# groups: offline, reset and removal of a path at random, for MULTIPATH_SECONDS,
# under an fio that verifies what it wrote.
. "$(dirname "$0")/clients.sh"
begin_test
command -v multipathd >/dev/null || skip_all "needs multipathd"
load_module
modprobe -q dm_multipath || skip_all "this kernel has no dm-multipath"
modprobe -q -a scsi_dh_alua dm_round_robin

trap 'touch /tmp/stop; stop_multipath; clean_up 2>/dev/null; rmdir $alua/second 2>/dev/null; clean_up' EXIT

make_ramdisk paths 32
alua=$core/rd_mcp_0/paths/alua
mkdir $alua/second
write 16 $alua/second/tg_pt_gp_id
write 1 $alua/second/alua_access_state # active/non-optimized
for tpgt in 1 2; do
	make_tpg $naa $tpgt $naa_initiator
	link_lun $naa $tpgt 0 rd_mcp_0/paths
done
write second $loopback/$naa/tpgt_2/lun/lun_0/alua_tg_pt_gp
first=$(disk_of $naa 1 0) second=$(disk_of $naa 2 0)
check "two paths" test -b "$first" -a -b "$second"

configure_multipath "path_checker tur" "path_selector \"round-robin 0\"" "prio alua" "path_grouping_policy group_by_prio" \
	"failback immediate" "no_path_retry 60" "fast_io_fail_tmo off"
start_multipath
check "multipathd makes one map of them, both active" wait_for 60 active_paths 2
find_map || { cat /tmp/multipathd.log; exit 1; }
say "$(multipath -ll 2>/dev/null | grep -E "policy|sd" | tr -s '\n' ';')"
# a group at prio 50 and one at prio 10: active/optimized and not
check_equal "the ALUA prioritiser tells them apart" "10 50" "$(paths %p | sort -n | paste -sd ' ')"

# mpathpersist registers through each path, so that the holder is the host.
persist() { mpathpersist "$@" "$map"; }
keys() { sg_persist --no-inquiry --in --read-keys "$first" | grep -c 0x123abc; }
check "mpathpersist registers" persist --out --register --param-sark=123abc
check_equal "through both paths" 2 "$(keys)"
check "mpathpersist reserves" persist --out --reserve --param-rk=123abc --prout-type=5
check "it shows the reservation" grep -q "0x123abc" <<<"$(persist --in --read-reservation 2>&1)"
check "both paths write under it" verify "$map" --size=2m
check "mpathpersist releases" persist --out --release --param-rk=123abc --prout-type=5
check "mpathpersist unregisters" persist --out --register --param-rk=123abc --param-sark=0
check_equal "on both paths" 0 "$(keys)"

rm -f /tmp/stop
begin verify_until /tmp/stop "$map"
RANDOM=${MULTIPATH_SEED:-$SECONDS}
end=$((SECONDS + ${MULTIPATH_SECONDS:-20})) offlines=0 resets=0 removals=0
while [ $SECONDS -lt $end ]; do
	tpgt=$((RANDOM % 2 + 1))
	case $((RANDOM % 3)) in
	0)
		write offline $loopback/$naa/tpgt_$tpgt/transport_status
		sleep 1
		write online $loopback/$naa/tpgt_$tpgt/transport_status
		offlines=$((offlines + 1))
		;;
	1)
		sg_reset --device "/dev/$(ls "$(device_of $naa $tpgt 0)/block" 2>/dev/null)" >/dev/null 2>&1
		resets=$((resets + 1))
		;;
	2)
		unlink_lun $naa $tpgt 0
		link_lun $naa $tpgt 0 rd_mcp_0/paths
		[ $tpgt = 1 ] || write second $loopback/$naa/tpgt_2/lun/lun_0/alua_tg_pt_gp
		removals=$((removals + 1))
		;;
	esac
	wait_for 60 active_paths 2 || break
done
check "after each of $offlines times offline, $resets resets and $removals removals both paths are back" wait_for 60 active_paths 2
touch /tmp/stop
end
check "fio saw no error and no wrong byte" ended_well

# Without any path I/O waits, and goes on when one is back.
write offline $loopback/$naa/tpgt_1/transport_status
write offline $loopback/$naa/tpgt_2/transport_status
begin verify "$map" --size=1m
sleep 3
check "without a path I/O waits" refused "" has_ended
write online $loopback/$naa/tpgt_2/transport_status
check "and goes on with one" wait_for 60 has_ended
end
check "without an error" ended_well
write online $loopback/$naa/tpgt_1/transport_status
stop_multipath
check "nothing keeps the disks" wait_for 10 refused "" test -e "/sys/block/${first#/dev/}/holders/dm-0"
for tpgt in 1 2; do
	check "remove tpgt_$tpgt" remove_tpg $naa $tpgt
done
rmdir $alua/second
finish
