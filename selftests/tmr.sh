#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Task management functions that meet: a backstore holds commands, the error handler's
# ABORT TASK waits for them, and LOGICAL UNIT RESET comes through the same path and
# through another.  $HOLDS has the seconds for which commands are held, 10 if it is not
# set, separated by commas.  Past 60 seconds the error handler itself goes on to a reset and then waits.
. "$(dirname "$0")/lib.sh"
: "${HOLDS:=10}"
load_module
modprobe dm_mod
modprobe brd rd_nr=1 rd_size=32768
command -v dmsetup >/dev/null && command -v fio >/dev/null && [ -b /dev/ram0 ] || skip_all "needs dmsetup, fio and brd"
trap 'dmsetup resume held 2>/dev/null; clean_up; dmsetup remove --retry held 2>/dev/null' EXIT
[ "$(blockdev --getsz /dev/ram0)" -ge 32768 ] || skip_all "/dev/ram0 is smaller than 16 MiB"

dmesg -n 7 # a guest that dies tells why
make_mapped held
other=naa.5001405000000011 # an adapter of its own: one reset at a time for each
for target in $naa $other; do
	make_tpg $target 1 $naa_initiator
	link_lun $target 1 0 iblock_0/held
done
disk=$(disk_of $naa 1 0)
device=$(device_of $naa 1 0)
at_rest "$disk"
at_rest "$(disk_of $other 1 0)"

# One block of two: what is adjacent may become one command.
blocks() { # blocks NUMBER read|write: as many at once; each has a checksum
	fio --name=blocks --filename="$disk" --direct=1 --ioengine=libaio --bs=4k --size=8m --io_size=$(($1 * 4))k \
		--iodepth="$1" --rw="$2:4k" --verify=crc32c --verify_fatal=1 --max_latency=200s --output-format=terse
}
in_flight() { # in_flight NUMBER
	local reads writes
	read -r reads writes <"/sys/block/${disk##*/}/inflight"
	[ $((reads + writes)) -ge "$1" ] || { echo "$reads reads, $writes writes"; return 1; }
}
all_in_flight() { wait_for 30 in_flight "$1"; }
# Kernels without the trace events say nothing of it.
tracing=/sys/kernel/tracing
[ -d $tracing/events ] || mount -t tracefs tracing $tracing 2>/dev/null
event=$tracing/events/tcm_loop/tcm_loop_tmr/enable
[ ! -e $event ] || write 1 $event
was_aborted() { grep "tcm_loop_tmr: .* ABORT_TASK .*response=none, aborted" $tracing/trace || { grep tcm_loop_tmr: $tracing/trace; return 1; }; }
aborts() { dmesg | grep -c "ABORT_TASK: Found referenced"; }
abort_begins() { [ "$(aborts)" -gt "$aborts_before" ]; }
gone() { ! kill -0 "$1" 2>/dev/null; }
waits() { [[ $(ps -o stat= -p "$1") == D* ]]; } # waits PID
both_wait() { waits ${resets% *} && waits ${resets#* }; }
resets_end() { wait_for 120 gone ${resets% *} && wait_for 120 gone ${resets#* }; }

reset_both() { # reset_both: the other path first, as the same one is what the error handler uses
	sg_reset --no-esc --device "$(sg_of $other 1 0)" &
	resets=$!
	sleep 1
	sg_reset --no-esc --device "$(sg_of $naa 1 0)" &
	resets="$resets $!"
}

check "24 blocks are written" blocks 24 write
for hold in ${HOLDS//,/ }; do
	echo $((hold / 5 + 2)) >"$device/timeout" # a command that is older than six timeouts is not retried
	for commands in 1 24; do
		what="$commands held for $hold s"
		aborts_before=$(aborts)
		dmsetup suspend --noflush --nolockfs held
		end=$((SECONDS + hold))
		begin blocks $commands read
		check "$what: all are on their way" all_in_flight $commands
		check "$what: an ABORT TASK waits for them" wait_for 60 abort_begins
		reset_both
		check "$what: the resets wait, too" wait_for 60 both_wait
		while [ $SECONDS -lt $end ]; do
			sleep 0.5
		done
		dmsetup resume held
		check "$what: they end" wait_for 120 has_ended
		end
		check "$what: with the right data" ended_well
		check "$what: the resets end" resets_end
		if [ $hold -ge 30 ]; then # its sender has given it up before it was told
			:
		elif [ -e $event ]; then
			check "$what: a reset aborted an ABORT TASK" was_aborted
			: >$tracing/trace
		else
			skip "$what: a reset aborted an ABORT TASK" "there are no trace events"
		fi
		check_equal "$what: the disk is running" running "$(cat "$device/state")"
	done
done
for target in $naa $other; do
	check "unlink the LUN of $target" unlink_lun $target 1 0
	check "drop its nexus" write NULL $loopback/$target/tpgt_1/nexus
done
finish
