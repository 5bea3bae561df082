#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# TCMU: a backstore in user space whose daemon is stopped, killed and started
# again under I/O, and TCMU_COUNT devices attached and detached, at most 32 at a time.
. "$(dirname "$0")/clients.sh"
begin_test
command -v tcmu-runner >/dev/null || skip_all "needs tcmu-runner"
load_module
modprobe -q target_core_user || skip_all "this kernel has no target_core_user"
trap 'pkill -CONT systemd-udevd; stop_tcmu_runner; clean_up; rm -rf /tmp/tcmu' EXIT

# The ring gives a command back with an error after two seconds, and the SCSI
# layer tries six times.
make_impatient() { # make_impatient NAME MIB
	make_user "$@" && write 2 "$core/user_0/$1/attrib/cmd_time_out"
}

start_tcmu_runner
check "tcmu-runner starts" kill -0 "$tcmu_runner"
check "a backstore of its own" make_impatient one 16
make_tpg $naa 1 $naa_initiator
link_lun $naa 1 0 user_0/one
disk=$(disk_of $naa 1 0)
device=$(device_of $naa 1 0)
check "its disk works" verify "$disk" --size=4m
write 1 "$device/timeout"
write 1 "$device/eh_timeout"

# udev looks for partitions and for a dozen kinds of content whenever a disk was
# written to, and would wait for each of its reads in vain.
udevadm settle
pkill -STOP systemd-udevd
fails() { timeout 100 dd if="$disk" of=/dev/null bs=4k count=1 iflag=direct status=none; [ $? = 1 ]; }
kill -STOP "$tcmu_runner"
check "a command fails while the daemon is stopped, within the time-outs of the SCSI layer and of TCMU" within 60 fails
kill -CONT "$tcmu_runner"
sleep 1
echo running >"$device/state"
check "the disk works again when the daemon goes on" verify "$disk" --size=4m

rm -f /tmp/stop
begin verify_until /tmp/stop "$disk"
sleep 1
stop_tcmu_runner
check "fio is not stuck when the daemon is killed" wait_for 150 has_ended
has_ended || kill "$load"
end
check "it saw an error" test $ended != 0
start_tcmu_runner
check "the daemon starts again" kill -0 "$tcmu_runner"
echo running >"$device/state"
write 1 "$device/rescan" # it was asked for its capacity meanwhile
check "and the disk works" wait_for 60 verify "$disk" --size=4m

kill -STOP "$tcmu_runner"
begin dd if="$disk" of=/dev/null bs=4k count=1 iflag=direct status=none
sleep 0.5
check "a LUN whose daemon is stopped is unlinked within the same time" within 60 unlink_lun $naa 1 0
end
kill -CONT "$tcmu_runner"
pkill -CONT systemd-udevd
rmdir $core/user_0/one

attach() { # attach FROM TO
	local number
	for number in $(seq "$1" "$2"); do
		make_impatient "n$number" 8 && link_lun $naa 1 "$number" "user_0/n$number" || return
	done
	for number in $(seq "$1" "$2"); do
		disk_of $naa 1 "$number" >/dev/null || return
	done
}
detach() { # detach FROM TO
	local number
	for number in $(seq "$1" "$2"); do
		unlink_lun $naa 1 "$number" && rmdir "$core/user_0/n$number" || return
	done
}
milliseconds() { date +%s%3N; }
count=${TCMU_COUNT:-8} attached=0 attaching=0 detaching=0
while [ $attached -lt "$count" ]; do
	last=$((attached + 32 < count ? attached + 31 : count - 1))
	begun=$(milliseconds)
	check "attach $attached to $last" attach $attached $last || break
	attaching=$((attaching + $(milliseconds) - begun))
	begun=$(milliseconds)
	check "detach them" detach $attached $last || break
	detaching=$((detaching + $(milliseconds) - begun))
	attached=$((last + 1))
done
[ $attached = 0 ] || say "each of $attached: attached in $((attaching / attached)) ms, detached in $((detaching / attached)) ms"
check "drop the nexus" write NULL $loopback/$naa/tpgt_1/nexus
finish
