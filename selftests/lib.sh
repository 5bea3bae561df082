# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # variables for those who source this
# What the selftests share: TAP, and targets made through configfs as a user
# would make them.  A test sources this, makes checks, and calls finish.

set -u
target=/sys/kernel/config/target
loopback=$target/loopback
core=$target/core
checks=0
failures=0

# TAP version 13, as kselftest has it.

say() { echo "# $*"; }

skip_all() {
	echo "1..0 # SKIP $*"
	exit 4
}

check() { # check DESCRIPTION COMMAND...: the command must succeed
	local what=$1 output
	shift
	checks=$((checks + 1))
	if output=$("$@" 2>&1); then
		echo "ok $checks - $what"
		return 0
	fi
	failures=$((failures + 1))
	echo "not ok $checks - $what"
	{ echo "tcm_loop selftests: not ok $checks - $what" >/dev/kmsg; } 2>/dev/null
	say "$*" | head -c 500 | head -n 1
	[ -z "$output" ] || head -n 30 <<<"$output" | sed 's/^/#   /'
	return 1
}

check_equal() { # check_equal DESCRIPTION EXPECTED ACTUAL
	check "$1" equal "$2" "$3"
}

equal() {
	[ "$1" = "$2" ] && return
	echo "expected: $1"
	echo "actual:   $2"
	return 1
}

skip() { # skip DESCRIPTION REASON: one check that cannot be made here
	checks=$((checks + 1))
	echo "ok $checks - $1 # SKIP $2"
}

refused() { # refused ERRNO COMMAND...: the command fails for that reason
	local reason=$1 output
	shift
	if output=$("$@" 2>&1); then
		echo "accepted: $*"
		return 1
	fi
	[[ $output == *"$reason"* ]] || {
		echo "expected \"$reason\", but: $output"
		return 1
	}
}

has() { # has REGEX TEXT: in whatever case
	grep -qiE -- "$1" <<<"$2" || { echo "no \"$1\" in:"; echo "$2"; return 1; }
}

write() { printf '%s' "$1" >"$2"; }

finish() {
	clean_up
	echo "1..$checks"
	[ "$failures" = 0 ]
	exit
}

# Waiting starts no program: a slow machine has better to do.
exec {silence}<> <(:) # of which nothing is ever read

wait_for() { # wait_for SECONDS COMMAND...
	local end=$((SECONDS + $1))
	shift
	until "$@" >/dev/null 2>&1; do
		[ $SECONDS -lt $end ] || { "$@"; return; }
		read -rt 0.05 -u "$silence" || : # the status of the loop
	done
}

# Targets.  One of each is enough for most tests: $host, $disk.

naa=naa.5001405000000001
naa_initiator=naa.5001405000000002
fc=fc.21:00:00:24:ff:00:00:01
fc_initiator=fc.21:00:00:24:ff:00:00:02
iqn=iqn.2003-01.org.linux-iscsi.lab:target
iqn_initiator=iqn.2003-01.org.linux-iscsi.lab:initiator

load_module() {
	modprobe -a configfs target_core_mod target_core_file target_core_iblock sd_mod sg
	# Where the core keeps registrations; rtslib may have chosen another place.
	[ ! -e $target/dbroot ] || mkdir -p "$(cat $target/dbroot)"/{pr,alua}
	[ -d /sys/module/tcm_loop ] && return
	if [ -e /lab/tcm_loop.ko ]; then # the lab's
		insmod /lab/tcm_loop.ko "$@"
	else
		modprobe tcm_loop "$@"
	fi
}

unload_module() {
	[ ! -d $loopback ] || rmdir $loopback || return
	# udev may still have a disk open that is gone.
	wait_for 30 rmmod tcm_loop
}

make_ramdisk() { # make_ramdisk NAME MIB [control...]: a rd_mcp backstore
	local dev=$core/rd_mcp_0/$1
	mkdir -p "$dev"
	write "rd_pages=$(($2 * 256))" "$dev/control"
	[ $# -lt 3 ] || write "$3" "$dev/control"
	write 1 "$dev/enable"
	write "$1" "$dev/wwn/vpd_unit_serial"
}

make_fileio() { # make_fileio NAME MIB FILE
	local dev=$core/fileio_0/$1
	mkdir -p "$dev"
	truncate -s "$2M" "$3"
	write "fd_dev_name=$3,fd_dev_size=$(($2 << 20))" "$dev/control"
	write 1 "$dev/enable"
	write "$1" "$dev/wwn/vpd_unit_serial"
}

make_iblock() { # make_iblock NAME BLOCKDEVICE
	local dev=$core/iblock_0/$1
	mkdir -p "$dev"
	write "udev_path=$2" "$dev/control"
	write 1 "$dev/enable"
	write "$1" "$dev/wwn/vpd_unit_serial"
}

make_mapped() { # make_mapped NAME: 16 MiB of /dev/ram0 as the device-mapper device NAME, and an iblock backstore of that
	dmsetup create "$1" --table "0 32768 linear /dev/ram0 0"
	[ -b "/dev/mapper/$1" ] || dmsetup mknodes "$1"
	make_iblock "$1" "/dev/mapper/$1"
}

make_pscsi() { # make_pscsi NAME H:C:T:L DEVICE: DEVICE is its /dev/sdX, or /dev/sgN of what is no disk
	local dev=$core/pscsi_0/$1 host channel id lun
	IFS=: read -r host channel id lun <<<"$2"
	mkdir -p "$dev"
	write "scsi_host_id=$host,scsi_channel_id=$channel,scsi_target_id=$id,scsi_lun_id=$lun" "$dev/control"
	write "$3" "$dev/udev_path"
	write 1 "$dev/enable"
}

make_tpg() { # make_tpg WWN TPGT [INITIATOR]
	mkdir -p $loopback
	[ -d "$loopback/$1" ] || mkdir "$loopback/$1" || return
	mkdir "$loopback/$1/tpgt_$2" || return
	[ $# -lt 3 ] || write "$3" "$loopback/$1/tpgt_$2/nexus"
}

link_lun() { # link_lun WWN TPGT LUN BACKSTORE: BACKSTORE is rd_mcp_0/NAME or the like
	local lun=$loopback/$1/tpgt_$2/lun/lun_$3
	mkdir -p "$lun" && ln -s "$core/$4" "$lun/backstore"
}

unlink_lun() { # unlink_lun WWN TPGT LUN
	local lun=$loopback/$1/tpgt_$2/lun/lun_$3
	rm -f "$lun/backstore" && rmdir "$lun"
}

host_of() { # host_of WWN TPGT: the number of its SCSI host
	local address
	read -r address <"$loopback/$1/tpgt_$2/address"
	echo "${address%%:*}"
}

device_of() { # device_of WWN TPGT LUN: the scsi_device's folder in sysfs
	echo "/sys/bus/scsi/devices/$(host_of "$1" "$2"):0:$2:$3"
}

present() { test -e "$(device_of "$@")"; }
absent() { ! present "$@"; }

node_in() { # node_in FOLDER: the /dev/NAME of the only entry of a folder in sysfs
	local entry
	for entry in "$1"/*; do
		[ -e "/dev/${entry##*/}" ] && echo "/dev/${entry##*/}" && return
	done
}
node_of() { # node_of block|scsi_generic WWN TPGT LUN: when there is one
	local kind=$1 dir
	shift
	dir=$(device_of "$@")/$kind
	wait_for 60 node_in "$dir" && node_in "$dir"
}
disk_of() { node_of block "$@"; } # disk_of WWN TPGT LUN: its /dev/sdX
sg_of() { node_of scsi_generic "$@"; } # sg_of WWN TPGT LUN: its /dev/sgN

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

# Commands on memory end within queuecommand, so that none is seen in flight.
ios_of() { awk '{ print $1 + $5 }' "/sys/block/${1#/dev/}/stat"; }
has_done() { [ "$(ios_of "$1")" -gt "$2" ]; } # has_done DISK NUMBER: of I/Os
io_goes_on() { # io_goes_on DISK: it has done a hundred more
	wait_for 60 has_done "$1" $(($(ios_of "$1") + 100))
}

at_rest() { # at_rest DISK: nobody reads the new disk any more, neither the kernel for partitions nor udev
	local number
	number=$(cat "/sys/class/block/${1#/dev/}/dev") || return
	udevadm settle --timeout=60 # what udev knows of an earlier disk of that number is gone then
	wait_for 60 test -e "/run/udev/data/b$number" || return # it is told of the disk after the partitions are read
	udevadm settle --timeout=60
}

remove_tpg() { # remove_tpg WWN TPGT
	local tpg=$loopback/$1/tpgt_$2 lun
	for lun in "$tpg"/lun/lun_*; do
		[ -d "$lun" ] || continue
		find "$lun" -maxdepth 1 -type l -delete
		rmdir "$lun" || return
	done
	rmdir "$tpg"
}

clean_up() { # remove every target and every backstore
	local dir
	for dir in "$loopback"/*/tpgt_*; do
		[ ! -d "$dir" ] || remove_tpg "$(basename "$(dirname "$dir")")" "${dir##*_}"
	done
	for dir in "$loopback"/{naa,fc,iqn,eui}.* "$core"/*_[0-9]*/*/ "$core"/*_[0-9]*/; do
		[ ! -d "$dir" ] || rmdir "$dir"
	done
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

have_port_id() { [ -x ./port_id ]; } # built by "make programs" or the lab

# A slow machine sets $PROTOCOLS to one of them, and $VERIFY_SIZE to less.
protocol() { # protocol NAME ARGUMENTS...: the test's one_protocol with these
	[[ -n ${PROTOCOLS:-} && " $PROTOCOLS " != *" ${1%% *} "* ]] || one_protocol "$@"
}

verify() { # verify DISK [fio arguments]: write and read back with fio
	local disk=$1
	shift
	fio --name=verify --filename="$disk" --direct=1 --ioengine=libaio --rw=randwrite --bsrange=4k-256k \
		--iodepth=16 --size="${VERIFY_SIZE:-16m}" --verify=crc32c --verify_fatal=1 --randseed=1 --output-format=terse \
		--max_latency=120s "$@"
}

start_dbus() { # for what talks to tcmu-runner
	mkdir -p /run/dbus
	[ -S /run/dbus/system_bus_socket ] || dbus-daemon --system --fork
}

# TCMU: backstores in user space, whose daemon is $tcmu_runner.

start_tcmu_runner() {
	start_dbus
	pkill -x tcmu-runner && sleep 1 # D-Bus may have started one for rtslib
	mkdir -p /etc/tcmu /tmp/tcmu
	tcmu-runner >/tmp/tcmu-runner.log 2>&1 &
	tcmu_runner=$!
	sleep 2
}

stop_tcmu_runner() { # without a word to it
	[ -n "${tcmu_runner:-}" ] || return
	{ kill -KILL "$tcmu_runner"; wait "$tcmu_runner"; } 2>/dev/null
	tcmu_runner=
}

make_user() { # make_user NAME MIB: a file that tcmu-runner has open
	local dev=$core/user_0/$1
	truncate -s "$2M" "/tmp/tcmu/$1" && mkdir -p "$dev" &&
		write "dev_config=qcow//tmp/tcmu/$1,dev_size=$(($2 << 20))" "$dev/control" && write 1 "$dev/enable" &&
		write "$1" "$dev/wwn/vpd_unit_serial"
}

# dm-multipath: one map, $map, of the disks that are paths to one logical unit.

maps() { dmsetup ls --target multipath 2>/dev/null | awk '/^36001405/ { print $1 }'; } # their names

remove_maps() { # something, udev for one, may still look at a map
	local name
	for name in $(maps); do
		dmsetup remove "$name" || return
	done
}

stop_multipath() {
	[ -z "${multipathd:-}" ] || { kill "$multipathd"; wait "$multipathd"; } 2>/dev/null
	multipathd=
	wait_for 30 remove_maps >/dev/null 2>&1 || dmsetup remove_all --force 2>/dev/null
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

# A load beside the test: begin COMMAND..., then end; its status is $ended.

begin() {
	"$@" >/tmp/load.log 2>&1 &
	load=$!
}

end() {
	wait "$load"
	ended=$?
}

ended_well() { [ "$ended" = 0 ] || { echo "status $ended"; tail -n 20 /tmp/load.log; return 1; }; }

# Tasks that wait uninterruptibly, each with how often it has been scheduled.
waiting_tasks() {
	local status
	grep -lsE '^State:[[:space:]]*D' /proc/[0-9]*/task/*/status | while read -r status; do
		echo "$status $(sed -n "s/.*ctxt_switches:[[:space:]]*//p" "$status" 2>/dev/null | paste -sd " ")"
	done | sort
}

# Some task may wait whenever one looks: udev reads every new disk.  What must
# not be is one that has waited all the time, never once scheduled; less than
# the 30 s after which the SCSI layer gives a lost command up.
no_process_waits() {
	local waiting status end=$((SECONDS + 20))
	waiting=$(waiting_tasks)
	while [ -n "$waiting" ] && [ $SECONDS -lt $end ]; do
		sleep 0.2
		waiting=$(waiting_tasks | grep -Fxe "$waiting")
	done
	[ -z "$waiting" ] && return
	echo w >/proc/sysrq-trigger
	while read -r status _; do
		head -n 1 "$status"
		cat "${status%status}stack"
	done <<<"$waiting" 2>/dev/null
	dmesg | tail -n 40
	return 1
}
has_ended() { ! kill -0 "$load" 2>/dev/null; }

verify_until() { # verify_until FILE DISK: pass after pass, until the file exists
	while [ ! -e "$1" ]; do
		verify "$2" --size=4m || return
	done
}

# A test ends with clean_up, which removes everything: not from a machine in use.
for in_use in "$loopback"/{naa,fc,iqn,eui}.* "$core"/*_[0-9]*/*/; do
	[ ! -d "$in_use" ] || skip_all "this machine uses LIO ($in_use); run in a VM"
done
trap clean_up EXIT
