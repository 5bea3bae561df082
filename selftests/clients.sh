# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # variables for those who source this
# What uses the disks, and devices and programs below a backstore.
. "$(dirname "$0")/targets.sh"

verify() { # verify DISK [fio arguments]: write and read back with fio
	local disk=$1
	shift
	fio --name=verify --filename="$disk" --direct=1 --ioengine=libaio --rw=randwrite --bsrange=4k-256k \
		--iodepth=16 --size="${VERIFY_SIZE:-16m}" --verify=crc32c --verify_fatal=1 --randseed=1 --output-format=terse \
		--max_latency=120s "$@"
}

verify_until() { # verify_until FILE DISK: pass after pass, until the file exists
	while [ ! -e "$1" ]; do
		verify "$2" --size=4m || return
	done
}

# A load beside the test: begin COMMAND..., then end.

load='' ended='' # its process, and its status

begin() {
	"$@" >/tmp/load.log 2>&1 &
	load=$!
}

end() {
	wait "$load"
	ended=$?
}

has_ended() { ! kill -0 "$load" 2>/dev/null; }
ended_well() { [ "$ended" = 0 ] || { echo "status $ended"; tail -n 20 /tmp/load.log; return 1; }; }

# Suspend, as far as the kernel tests it: it comes back by itself.

can_suspend() { [ -e /sys/power/pm_test ] && grep -qw freeze /sys/power/state; }
suspends() { # suspends LEVEL: of /sys/power/pm_test
	write 1 /sys/module/suspend/parameters/pm_test_delay && write "$1" /sys/power/pm_test && write freeze /sys/power/state
}

# Tasks that wait uninterruptibly, each with how often it has been scheduled.
waiting_tasks() {
	local status
	grep -lsE '^State:[[:space:]]*D' /proc/[0-9]*/task/*/status | while read -r status; do
		echo "$status $(sed -n "s/.*ctxt_switches:[[:space:]]*//p" "$status" 2>/dev/null | paste -sd " ")"
	done | sort
}

all_went_on() { # of $waiting, whose rest is kept
	waiting=$(waiting_tasks | grep -Fxe "$waiting")
	[ -z "$waiting" ]
}

# Some task may wait whenever one looks: udev reads every new disk.  What must
# not be is one that has waited all the time, never once scheduled; less than
# the 30 s after which the SCSI layer gives a lost command up.
no_process_waits() {
	local waiting status
	waiting=$(waiting_tasks)
	wait_at_most 20 all_went_on && return
	echo w >/proc/sysrq-trigger
	while read -r status _; do
		head -n 1 "$status"
		cat "${status%status}stack"
	done <<<"$waiting" 2>/dev/null
	dmesg | tail -n 40
	return 1
}

# Commands on memory end within queuecommand, so that none is seen in flight.
ios_of() { awk '{ print $1 + $5 }' "/sys/block/${1#/dev/}/stat"; }
has_done() { [ "$(ios_of "$1")" -gt "$2" ]; } # has_done DISK NUMBER: of I/Os
io_goes_on() { # io_goes_on DISK: it has done a hundred more
	wait_for 60 has_done "$1" $(($(ios_of "$1") + 100))
}

# TransportIDs (SPC-4 r37, 7.6.4), in hexadecimal.

sas_id() { echo "06000000${1#naa.}000000000000000000000000"; } # sas_id NAME
fc_id() { # fc_id NAME
	local digits=${1#fc.}
	echo "0000000000000000${digits//:/}0000000000000000"
}
text_id() { # text_id BYTE0 TEXT: an iSCSI TransportID of a text
	local hex
	hex=$(printf '%s' "$2" | od -An -v -tx1 | tr -d ' \n')00
	while [ $((${#hex} % 8)) != 0 ]; do hex=${hex}00; done
	printf '%s00%04x%s\n' "$1" $((${#hex} / 2)) "$hex"
}

hex() { sed 's/../&,/g; s/,$//' <<<"$1"; } # hex DIGITS: as sg_persist takes a TransportID
pr() { sg_persist --no-inquiry "$@"; }
test_unit_ready() { sg_raw "$1" 00 00 00 00 00 00; } # test_unit_ready DISK; sg_turs 1.48 sends nothing

take_attentions() { # take_attentions DISK...: of what others did
	local disk
	for disk; do
		wait_for 60 test_unit_ready "$disk" || failed "$@"
	done
}

# PERSISTENT RESERVE IN, READ FULL STATUS (SPC-4 r37, 6.15.5): "KEY HOLDER TRANSPORTID" of each registration, in the order of keys.
full_status() { # full_status DISK
	local page at length
	page=$(sg_raw --request=4096 --binary "$1" 5e 03 00 00 00 00 00 10 00 00 2>/dev/null | od -An -v -tx1 | tr -d ' \n')
	[ ${#page} -ge 16 ] || { echo "no answer received"; return 1; }
	for ((at = 8; at < 8 + 16#${page:8:8}; at += 24 + length)); do
		length=$((16#${page:(at + 20) * 2:8}))
		printf '%#x %d %s\n' $((16#${page:at * 2:16})) $((16#${page:(at + 12) * 2:2} & 1)) "${page:(at + 24) * 2:length * 2}"
	done | sort
}

# scsi_debug's only device
debug_device() { # as H:C:T:L
	local dir
	for dir in /sys/bus/pseudo/drivers/scsi_debug/adapter0/host*/target*/*:*:*:*; do
		[ -d "$dir/scsi_generic" ] && echo "${dir##*/}" && return
	done
}
debug_disk() { node_in "/sys/bus/scsi/devices/$(debug_device)/block"; } # as /dev/sdX
load_debug() { # load_debug device|disk PARAMETER...: until it is there and udev, which had it open, is done with it
	local what=$1
	shift
	modprobe scsi_debug max_luns=1 "$@" && wait_for 60 "debug_$what" && udevadm settle --timeout=60
}
unload_debug() {
	udevadm settle --timeout=60
	wait_for 60 rmmod scsi_debug
}

start_dbus() { # for what talks to tcmu-runner
	mkdir -p /run/dbus
	[ -S /run/dbus/system_bus_socket ] || dbus-daemon --system --fork
}

# TCMU: backstores in user space, and their daemon.

tcmu_runner=''

has_tcmu_runner() { # it has told the kernel that it is there, and then the bus
	dbus-send --system --print-reply=literal --dest=org.freedesktop.DBus / org.freedesktop.DBus.NameHasOwner \
		string:org.kernel.TCMUService1 | grep -q 'boolean true'
}
start_tcmu_runner() {
	start_dbus
	pkill -x tcmu-runner && sleep 1 # D-Bus may have started one for rtslib
	mkdir -p /etc/tcmu /tmp/tcmu
	tcmu-runner >/tmp/tcmu-runner.log 2>&1 &
	tcmu_runner=$!
	wait_for 60 has_tcmu_runner || failed
}

stop_tcmu_runner() { # without a word to it
	[ -n "$tcmu_runner" ] || return
	{ kill -KILL "$tcmu_runner"; wait "$tcmu_runner"; } 2>/dev/null
	tcmu_runner=
}

make_user() { # make_user NAME MIB: a file that tcmu-runner has open
	truncate -s "$2M" "/tmp/tcmu/$1" && make_backstore "user_0/$1" "dev_config=qcow//tmp/tcmu/$1,dev_size=$(($2 << 20))" || failed "$@"
}

# dm-multipath: one map, of the disks that are paths to one logical unit.

multipathd='' map=''

maps() { dmsetup ls --target multipath 2>/dev/null | awk '/^36001405/ { print $1 }'; } # their names

remove_maps() { # remove_maps [--force]: something, udev for one, may still look at a map
	local name
	for name in $(maps); do
		dmsetup remove "$@" "$name" || return
	done
}

stop_multipath() {
	[ -z "$multipathd" ] || { kill "$multipathd"; wait "$multipathd"; } 2>/dev/null
	multipathd=
	wait_for 30 remove_maps >/dev/null 2>&1 || remove_maps --force 2>/dev/null
}

# Overrides, as multipathd has settings of its own for LIO-ORG's disks.
configure_multipath() { # configure_multipath SETTING...: beside those that make a test quick
	mkdir -p /etc/multipath /run/multipath
	{
		printf '%s\n' "defaults {" "find_multipaths no" "polling_interval 1" "max_polling_interval 1" \
			"user_friendly_names no" "reservation_key 0x123abc" "}"
		printf '%s\n' "overrides {" "$@" "}"
	} >/etc/multipath.conf
}

start_multipath() {
	multipathd -d >/tmp/multipathd.log 2>&1 &
	multipathd=$!
}

find_map() { map=/dev/mapper/$(maps | head -n 1) && [ -b "$map" ]; }

paths() { multipathd show paths raw format "$1" 2>/dev/null; } # paths FORMAT: a line for each

active_paths() { # active_paths NUMBER: there is a map, with so many
	local all
	find_map || return
	all=$(paths "%d %t, checker: %T, device: %o")
	[ "$(grep -c "^[^,]* active," <<<"$all")" = "$1" ] || { echo "$all"; return 1; }
}
