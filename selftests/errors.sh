#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Time-outs and LUN resets under I/O.  The backstore is a device-mapper device,
# which holds every command while it is suspended, past the disk's timeout of two
# seconds, and the data must be whole after it resumes.  A command that is older
# than six timeouts is not sent again after a reset.
. "$(dirname "$0")/clients.sh"
begin_test
load_module
needs_mapped
trap 'resume_mapped slow 2>/dev/null; clean_up; dmsetup remove --retry slow 2>/dev/null' EXIT

make_mapped slow
make_tpg $naa 1 $naa_initiator
link_lun $naa 1 0 iblock_0/slow
disk=$(disk_of $naa 1 0)
device=$(device_of $naa 1 0)

has_commands() { grep -q '[1-9]' "/sys/block/${disk##*/}/inflight"; }

hold() { # hold SECONDS: the backstore holds commands past their timeout; fio may take its time to send some
	hold_mapped slow && wait_for 60 has_commands && sleep "$1" && resume_mapped slow || failed "$@"
}

write 2 "$device/timeout"
errors_before=$(($(cat "$device/iotmo_cnt" 2>/dev/null || echo 0)))
rm -f /tmp/stop
begin verify_until /tmp/stop "$disk"
for _ in 1 2; do
	hold 5
done
touch /tmp/stop
end
check "fio saw no error and no wrong byte" ended_well
if [ -e "$device/iotmo_cnt" ]; then
	check "commands had timed out" test $(($(cat "$device/iotmo_cnt"))) -gt "$errors_before"
else
	skip "commands had timed out" "this kernel does not count timeouts"
fi
aborts=$core/iblock_0/slow/statistics/scsi_tgt_dev
check_equal "the target was not asked to abort them" 0 $(($(cat $aborts/aborts_complete) + $(cat $aborts/aborts_no_task)))
check_equal "the disk is running" running "$(cat "$device/state")"

# A deadline for error handling is of no use where none is needed.
scsi_host=/sys/class/scsi_host/host$(host_of $naa 1)
write 1 "$scsi_host/eh_deadline"
rm -f /tmp/stop
begin verify_until /tmp/stop "$disk"
hold 6
touch /tmp/stop
end
check "deadline: fio saw no error and no wrong byte" ended_well
check_equal "deadline: the disk is running" running "$(cat "$device/state")"
write off "$scsi_host/eh_deadline"

write 30 "$device/timeout"
rm -f /tmp/stop
begin verify_until /tmp/stop "$disk"
check "I/O is under way" io_goes_on "$disk"
resets=0
for _ in 1 2 3 4 5 6; do
	sleep 0.4
	sg_reset --device "$disk" >/dev/null 2>&1 && resets=$((resets + 1))
done
touch /tmp/stop
end
check_equal "LUN resets under I/O succeed" 6 $resets
check "fio saw no error and no wrong byte" ended_well
check "the unit attention of a reset reaches the initiator" \
	grep -q "sd ${device##*/}: Power-on or device reset occurred" <<<"$(dmesg)"

# What a reset ends gets no answer, and must not look as if it had succeeded: here the backstore fails it.
at_rest "$disk"
whole=$(dmsetup table slow)
hold_mapped slow
begin dd if="$disk" of=/dev/null bs=4k count=1 iflag=direct status=none
check "a read is on its way" wait_for 60 has_commands
sg_reset --no-esc --device "$(sg_of $naa 1 0)" &
reset=$!
sleep 1
dmsetup reload slow --table "0 32768 error"
resume_mapped slow
wait $reset # it has two seconds, for which a slow machine may be too slow
end
check "the read that it ended is sent again, and fails" test "$ended" = 1
dmsetup reload slow --table "$whole"
hold_mapped slow
resume_mapped slow
check "when the backstore does not fail, it is read" dd if="$disk" of=/dev/null bs=4k count=1 iflag=direct status=none

check "unlink the LUN after all that" unlink_lun $naa 1 0
check "drop the nexus" write NULL $loopback/$naa/tpgt_1/nexus
finish
