#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Backends that fail: blocks that cannot be read or written, answers that come
# after the disk's timeout, commands that are lost, and a device that is
# unplugged.  Each leads to errors or is borne, and ends when the backend is back.
. "$(dirname "$0")/clients.sh"
begin_test
load_module
modprobe -q -a dm_delay target_core_pscsi
needs_mapped
trap 'dmsetup resume bad 2>/dev/null; clean_up; dmsetup remove --retry bad 2>/dev/null; rmmod scsi_debug 2>/dev/null' EXIT

table() { # table LINES: of the device bad, at once
	dmsetup reload bad --table "$1" && dmsetup suspend --nolockfs bad && dmsetup resume bad || failed
}
read_block() { dd if="$disk" of=/dev/null bs=4k skip="$1" count=1 iflag=direct status=none; }
write_block() { dd if=/dev/zero of="$disk" bs=4k seek="$1" count=1 oflag=direct status=none; }

make_mapped bad
whole=$(dmsetup table bad)
make_tpg $naa 1 $naa_initiator
link_lun $naa 1 0 iblock_0/bad
disk=$(disk_of $naa 1 0)
device=$(device_of $naa 1 0)
at_rest "$disk"

table "0 16384 linear /dev/ram0 0
16384 8192 error
24576 8192 linear /dev/ram0 24576"
check "bad blocks: reading one fails" refused "Input/output error" read_block 2048
check "bad blocks: writing one fails" refused "Input/output error" write_block 3071
check "bad blocks: what is before them is read" read_block 2047
check "bad blocks: what is behind them is written" write_block 3072
check "bad blocks: the others are verified" verify "$disk" --size=8m
check_equal "bad blocks: the disk is running" running "$(cat "$device/state")"
table "$whole"
check "bad blocks: healed, they are read" read_block 2048

# Every answer comes after the timeout, and is waited for.
commands_of() { echo $(($(cat "$device/iorequest_cnt"))); }
if dmsetup targets | grep -q ^delay; then
	write 1 "$device/timeout"
	check "late answers: they are" table "0 32768 delay /dev/ram0 0 8000"
	commands=$(commands_of)
	check "late answers: it is read" read_block 0
	check_equal "late answers: by one command" $((commands + 1)) "$(commands_of)"
	table "$whole"
	check_equal "late answers: the disk is running" running "$(cat "$device/state")"
	check "late answers: when they come in time, it is read" read_block 0
	write 30 "$device/timeout"
else
	skip "late answers" "this kernel has no dm-delay"
fi
check "the LUN is unlinked" unlink_lun $naa 1 0

# A local SCSI disk below iblock, and below pscsi.
scsi_debug=/sys/bus/pseudo/drivers/scsi_debug
# A check's command runs in a subshell, so after it: raw=$(raw_folder) disk=$(disk_of ...)
raw_folder() { echo "/sys/bus/scsi/devices/$(debug_device)"; }
make_raw() { # make_raw BACKSTORE: over scsi_debug's device
	load_debug disk dev_size_mb=16 || return
	if [ "$1" = iblock_0 ]; then
		make_iblock raw "$(debug_disk)" || return
	else
		make_pscsi raw "$(debug_device)" "$(debug_disk)" || return
	fi
	link_lun $naa 1 0 "$1/raw" && at_rest "$(disk_of $naa 1 0)"
}
unplug() { echo 1 >"$raw/delete"; }
release_raw() { # release_raw BACKSTORE
	unlink_lun $naa 1 0 && rmdir "$core/$1/raw" && unload_debug
}

if modprobe -qn scsi_debug; then
	check "lost commands: a disk over scsi_debug" make_raw iblock_0
	raw=$(raw_folder) disk=$(disk_of $naa 1 0)
	write 2 "$raw/timeout"
	rm -f /tmp/stop
	begin verify_until /tmp/stop "$disk"
	sleep 1
	write 4 $scsi_debug/opts # commands are not answered, ...
	write 1 $scsi_debug/every_nth # ... none of them
	sleep 4
	write 0 $scsi_debug/every_nth
	write 0 $scsi_debug/opts
	touch /tmp/stop
	end
	[ ! -e "$raw/iotmo_cnt" ] || check "lost commands: some were" test $(($(cat "$raw/iotmo_cnt"))) -gt 0
	check "lost commands: fio saw no error and no wrong byte" ended_well
	check "lost commands: no process waits" no_process_waits
	check "lost commands: the disk is released" release_raw iblock_0

	for backstore in iblock_0 pscsi_0; do
		[ -d $core/pscsi_0 ] || [ $backstore = iblock_0 ] || mkdir $core/pscsi_0 || continue
		check "$backstore: a disk over scsi_debug" make_raw $backstore
		raw=$(raw_folder) disk=$(disk_of $naa 1 0)
		begin fio --name=load --filename="$disk" --direct=1 --ioengine=libaio --rw=randrw --bs=4k --iodepth=16 \
			--time_based=1 --runtime=300
		sleep 1
		check "$backstore: its device is unplugged under I/O" unplug
		# sd may try for 100 s to spin up a disk that pscsi's core calls not ready,
		# and who wants to open the disk waits for that.
		check "$backstore: fio ends" wait_for 180 has_ended
		has_ended || kill "$load"
		end
		check "$backstore: with an error" test $ended != 0
		check "$backstore: no process waits" wait_for 120 no_process_waits
		check "$backstore: the disk is released" release_raw $backstore
	done
else
	skip "lost commands and unplugging" "needs scsi_debug"
fi
finish
