#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A backstore that holds its commands: they wait for it, each is executed once and ends with
# the backstore's status, and nothing else waits.  A device-mapper device holds what it gets while it is suspended.
# $HOLDS has the seconds for which commands are held, 6 if it is not set, separated by
# commas; the disk's time-out is 2 s.
. "$(dirname "$0")/clients.sh"
begin_test
: "${HOLDS:=6}"
load_module
needs_mapped fio
iscsi=$target/iscsi/$iqn
leave() {
	resume_mapped held
	pkill -CONT -f systemd-udevd
	remove_iscsi
	clean_up
	dmsetup remove --retry held
} 2>/dev/null
trap leave EXIT

dmesg -n 7 # a guest that dies tells why
make_mapped held
make_ramdisk beside 16
make_ramdisk more 16
other=naa.5001405000000011 # another adapter
for wwn in $naa $other; do
	make_tpg $wwn 1 $naa_initiator
	link_lun $wwn 1 0 iblock_0/held
done
link_lun $naa 1 1 rd_mcp_0/beside
make_tpg $naa 2 $naa_initiator # of the same adapter
# The block layer stops all queues of an adapter when there is a second one, or is none any more.
make_ramdisk third 16
link_lun $naa 2 1 rd_mcp_0/third
apart=naa.5001405000000021 # an adapter without such commands, to compare with
make_ramdisk apart 16
make_tpg $apart 1 $naa_initiator
link_lun $apart 1 0 rd_mcp_0/apart
disk=$(disk_of $naa 1 0)
device=$(device_of $naa 1 0)
beside=$(disk_of $naa 1 1)
lower=/sys/block/$(basename "$(readlink -f /dev/mapper/held)")
tpg=$loopback/$naa/tpgt_1
for path in "$disk" "$beside" "$(disk_of $other 1 0)" "$(disk_of $apart 1 0)"; do
	at_rest "$path"
done
# It reads a disk that was written to, and would wait with the disk's lock held.
pkill -STOP -f systemd-udevd

make_iscsi() { # LIO's iSCSI target on 127.0.0.1, with the same backstore
	ip link set lo up 2>/dev/null || busybox ip link set lo up || failed
	[ -d "$target/iscsi" ] || mkdir "$target/iscsi"
	mkdir -p "$iscsi/tpgt_1/np/127.0.0.1:3260" "$iscsi/tpgt_1/lun/lun_0" &&
		ln -s $core/iblock_0/held "$iscsi/tpgt_1/lun/lun_0/backstore" || failed
	write 0 "$iscsi/tpgt_1/attrib/authentication"
	write 1 "$iscsi/tpgt_1/attrib/generate_node_acls"
	write 1 "$iscsi/tpgt_1/attrib/cache_dynamic_acls"
	write 0 "$iscsi/tpgt_1/attrib/demo_mode_write_protect"
	write 1 "$iscsi/tpgt_1/enable"
}
remove_iscsi() {
	[ -d "$iscsi" ] || return 0
	echo 0 >"$iscsi/tpgt_1/enable"
	rm -f "$iscsi/tpgt_1/lun/lun_0/backstore"
	rmdir "$iscsi/tpgt_1/lun/lun_0" "$iscsi/tpgt_1/np/127.0.0.1:3260" "$iscsi/tpgt_1" "$iscsi"
}
initiator() { "$(dirname "$0")/iscsi.py" $iqn "$@"; } # initiator OPERATION...

# One block of two: what is adjacent may become one command.
verify=crc32c pinned=
blocks() { # blocks NUMBER: as many are written at once, and read back, if $verify is not 0
	fio --name=blocks --filename="$disk" --direct=1 --ioengine=libaio --bs=4k --size=8m --io_size=$(($1 * 4))k \
		--iodepth="$1" --rw=write:4k --verify="$verify" --verify_fatal=1 --max_latency=200s --output-format=terse \
		${pinned:+--cpus_allowed=1}
}
in_flight() { # in_flight NUMBER
	local writes
	read -r _ writes <"/sys/block/${disk##*/}/inflight"
	[ "$writes" -ge "$1" ] || { echo "$writes writes"; return 1; }
}
has_executed() { awk '{ print $5 }' "$lower/stat"; } # how many writes
begin_hold() { # begin_hold SECONDS COMMANDS [TIMEOUT]
	echo "${3:-2}" >"$device/timeout"
	depth=$2
	# A scheduler has fewer requests than the disk may have commands.
	for limit in "$device/queue_depth" "/sys/block/${disk##*/}/queue/nr_requests"; do
		[ "$depth" -le "$(cat "$limit")" ] || depth=$(cat "$limit")
	done
	executed=$(has_executed)
	hold_mapped held
	until=$((SECONDS + $1))
	begin blocks "$2"
	check "$what: they are on their way" wait_for 30 in_flight "$depth"
}
end_hold() { # end_hold STATUS: when the time is over; fio's status
	while [ $SECONDS -lt $until ]; do
		sleep 0.2
	done
	resume_mapped held
	check "$what: they end within 5 s of the answer" wait_for 5 has_ended
	end
	check_equal "$what: with the backstore's status and data" "$1" "$ended"
	check_equal "$what: the disk is running" running "$(cat "$device/state")"
}

# The 99th percentile of a neighbour's reads, and of those of a disk apart at the same time, in us.
percentiles() {
	fio --direct=1 --rw=randread --bs=4k --time_based=1 --runtime=2 --percentile_list=99 --output-format=json \
		--name=beside --filename="$beside" --name=apart --filename="$(disk_of $apart 1 0)" |
		awk -F '[:,]' '/"99.0/ { print int($2 / 1000) }' | xargs
}
is_told() { # is_told NUMBER: the TPG's attribute has so many commands
	local lun backstore number age
	read -r lun backstore number age <$tpg/held
	[ "$lun $backstore" = "lun_0 iblock_0/held" ] && [ "$number" -ge "$1" ] && [ "$age" -ge 2 ] || { cat $tpg/held; return 1; }
}
another_lun() { # is linked, read and unlinked
	local new
	link_lun $naa 2 0 rd_mcp_0/more && new=$(disk_of $naa 2 0) &&
		dd if="$new" of=/dev/null bs=4k count=1 iflag=direct status=none && unlink_lun $naa 2 0
}
scan() { echo "0 $1 -" >"/sys/class/scsi_host/host$(host_of $naa 1)/scan"; } # scan ID

check "300 blocks are written" blocks 300
say "a neighbour's reads, and those of a disk apart, 99 of 100: $(percentiles) us"
for hold in ${HOLDS//,/ }; do
	for commands in 1 24 300; do
		what="$commands held for $hold s"
		# With a scheduler a disk has no more of the adapter's tags than its queue depth.
		[ $commands -lt 300 ] || write mq-deadline "/sys/block/${disk##*/}/queue/scheduler"
		begin_hold "$hold" $commands
		# A machine that stood still makes both late: what is held stays so, and is measured again.
		for ((try = 0; try < 3; try++)); do
			read -r during usual < <(percentiles)
			[ "$usual" -ge 500000 ] || break
		done
		say "$what: $during us, $usual us"
		check "$what: a neighbour is read as fast as a disk apart" test "$during" -lt $((2 * usual + 20000))
		check "$what: and that is not held" test "$usual" -lt 500000
		check "$what: a LUN of another TPG comes and goes" within 10 another_lun
		check "$what: another TPG is scanned" within 10 scan 2
		# A scan asks LUN 0, and waits where no request for it can be had.
		[ $commands = 300 ] || check "$what: the host is scanned" within 10 scan -
		check "$what: the neighbour is reset" within 10 sg_reset --no-esc --device "$(sg_of $naa 1 1)"
		check "$what: the TPG tells" wait_for 30 is_told $depth
		end_hold 0
		check_equal "$what: each was executed once" $commands $(($(has_executed) - executed))
		check_equal "$what: and is forgotten" "" "$(cat $tpg/held)"
	done
done
told=$(dmesg | grep -c "$naa tpgt_1 lun_0: iblock_0/held holds .* commands, the oldest for [0-9]* s")
check "the log tells" test "$told" -ge 1
check "once a minute" test "$told" -le $((SECONDS / 60 + 1))
aborts=$core/iblock_0/held/statistics/scsi_tgt_dev
check_equal "none was aborted" 0 $(($(cat $aborts/aborts_complete) + $(cat $aborts/aborts_no_task)))

# What a reset ends is sent again, if it is not older than six time-outs.
reset_fails() { # reset_fails TARGET: in time
	within 5 refused "" sg_reset --no-esc --device "$(sg_of "$1" 1 0)"
}
hold=${HOLDS%%,*}
for row in same other both twice host; do
	what="LUN RESET by ${row} path"
	case $row in
	same) paths=$naa ;;
	other) paths=$other ;;
	both) paths="$other $naa" ;;
	twice) what="LUN RESET twice" paths="$naa $naa" ;;
	host) what="host reset" paths= ;;
	esac
	begin_hold "$hold" 24 $((hold / 5 + 2))
	for path in $paths; do
		check "$what: it fails within 2 s" reset_fails "$path"
	done
	[ $row != host ] || check "$what: it fails within 2 s" within 5 refused "" sg_reset --no-esc --host "$(sg_of $naa 1 0)"
	end_hold 0
done

# Who takes the reservation away takes what is held with it: sent again, it meets a reservation that is another's.
mine=$(sg_of $naa 1 0) others=$(sg_of $other 1 0)
is_taken() { has "Key=0x[23]" "$(pr --in --read-reservation "$others")"; }
by_path() { pr --out --preempt-abort --param-rk=2 --param-sark=1 --prout-type=6 "$others"; }
by_reset() { initiator reset; }
by_iscsi() { initiator preempt:3:1; }
modprobe -q iscsi_target_mod && make_iscsi
for row in path reset iscsi; do
	what="PREEMPT AND ABORT by another $row" status=1
	case $row in
	reset) what="LUN RESET by iSCSI" status=0 ;;
	iscsi) what="PREEMPT AND ABORT by iSCSI" status=1 ;;
	esac
	if [ $row != path ] && [ ! -d "$iscsi" ]; then
		skip "$what" "this kernel has no iSCSI target"
		continue
	fi
	if [ $row != reset ]; then
		take_attentions "$mine" "$others"
		check "$what: the holder registers" pr --out --register-ignore --param-sark=1 "$mine"
		check "$what: and reserves" pr --out --reserve --param-rk=1 --prout-type=6 "$mine"
		case $row in
		path) check "$what: so does that path" pr --out --register-ignore --param-sark=2 "$others" ;;
		iscsi) check "$what: so does that initiator" initiator register:3 ;;
		esac
	fi
	begin_hold "$hold" 24 $((hold / 5 + 2))
	by_$row >/tmp/other.log 2>&1 &
	by=$!
	[ $row = reset ] || check "$what: the reservation is another's before they are aborted" wait_for 30 is_taken
	sleep 1
	check "$what: it waits" kill -0 $by
	end_hold $status
	check "$what: it ends within 5 s of the answer" wait_for 5 gone $by
	wait $by
	check_equal "$what: well" "0" "$?$(cat /tmp/other.log)"
	case $row in
	path) check "$what: which gives it back" pr --out --clear --param-rk=2 "$others" ;;
	iscsi) check "$what: which gives it back" initiator clear:3 ;;
	esac
done
take_attentions "$mine" "$others"
remove_iscsi

what="suspend"
if can_suspend; then
	check "$what: goes on while nothing is held" suspends freezer
	begin_hold "$hold" 24
	check "$what: the TPG tells" wait_for 30 is_told 24
	check "$what: is refused" refused "busy" suspends freezer
	check "$what: the log tells" grep -q "tcm_loop: suspend refused" <<<"$(dmesg)"
	end_hold 0
else
	skip "$what: is refused while commands are held" "this kernel has no test of suspend"
fi

what="offline and online"
begin_hold "$hold" 24
write offline $tpg/transport_status
write online $tpg/transport_status
end_hold 0

what="a rescan of the disk"
begin_hold "$hold" 24
echo 1 >"$device/rescan" &
rescan=$!
end_hold 0
check "$what: ends, too" wait_for 5 gone $rescan

what="another queue depth"
usual_depth=$(cat "$device/queue_depth")
cpu=/sys/devices/system/cpu/cpu1/online
[ ! -e $cpu ] || pinned=1
begin_hold "$hold" 24
check "$what: is taken at once" within 5 write 8 "$device/queue_depth"
check_equal "$what: is 8" 8 "$(cat "$device/queue_depth")"
if [ -n "$pinned" ]; then
	for state in 0 1; do
		write $state $cpu &
		check "the CPU that has sent what is held goes and comes: $state" wait_for 10 gone $!
	done
else
	skip "the CPU that has sent what is held goes and comes" "this kernel cannot do without a CPU"
fi
end_hold 0
pinned=
write "$usual_depth" "$device/queue_depth"

what="unlinking"
verify=0 # the disk may be gone when that begins
begin_hold "$hold" 24
unlink_lun $naa 1 0 &
unlink=$!
sleep 1.5
check "$what: waits" kill -0 $unlink
check "$what: a LUN of another TPG comes and goes" within 10 another_lun
check "$what: the neighbour is unlinked" within 10 unlink_lun $naa 1 1
check "$what: the log tells" grep -q "lun_0: unlinking it waits for 24 commands" <<<"$(dmesg)"
while [ $SECONDS -lt $until ]; do
	sleep 0.2
done
resume_mapped held
check "$what: it ends within 5 s of the answer" wait_for 5 gone $unlink
check "$what: and the load" wait_for 5 has_ended
end
check_equal "$what: without an error" 0 "$ended"
check "$what: the disk is gone" absent $naa 1 0

link_lun $naa 1 0 iblock_0/held
disk=$(disk_of $naa 1 0)
device=$(device_of $naa 1 0)
what="deletion through sysfs"
begin_hold "$hold" 24
echo 1 >"$device/delete" &
delete=$!
sleep 0.5
unlink_lun $naa 1 0 &
unlink=$!
while [ $SECONDS -lt $until ]; do
	sleep 0.2
done
resume_mapped held
check "$what: it ends within 5 s of the answer" wait_for 5 gone $delete
check "$what: so does unlinking" wait_for 5 gone $unlink
wait_for 5 has_ended
end

check "unlink the LUN of $other" unlink_lun $other 1 0
check "unlink the LUN of $apart" unlink_lun $apart 1 0
for wwn in $naa $other $apart; do
	check "drop the nexus of $wwn" write NULL $loopback/$wwn/tpgt_1/nexus
done
finish
