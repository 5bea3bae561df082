# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # variables for those who source this
# Targets, made through configfs as a user would make them.  A test sources this, or
# clients.sh, calls begin_test, makes checks and calls finish.
. "$(dirname "$0")/tap.sh"

target=/sys/kernel/config/target
loopback=$target/loopback
core=$target/core

# A target and an initiator port of each protocol are enough for most tests.

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
		insmod /lab/tcm_loop.ko
	else
		modprobe tcm_loop
	fi || failed
}

unload_module() {
	[ ! -d $loopback ] || rmdir $loopback || return
	# udev may still have a disk open that is gone.
	wait_for 30 rmmod tcm_loop
}

make_backstore() { # make_backstore HBA/NAME CONTROL: its serial number is its name
	local dev=$core/$1
	mkdir -p "$dev" && write "$2" "$dev/control" && write 1 "$dev/enable" && write "${1#*/}" "$dev/wwn/vpd_unit_serial" || failed "$@"
}

page_size=$(getconf PAGESIZE)
make_ramdisk() { make_backstore "rd_mcp_0/$1" "rd_pages=$((($2 << 20) / page_size))"; } # make_ramdisk NAME MIB

make_fileio() { # make_fileio NAME MIB FILE
	truncate -s "$2M" "$3" && make_backstore "fileio_0/$1" "fd_dev_name=$3,fd_dev_size=$(($2 << 20))" || failed "$@"
}

make_iblock() { make_backstore "iblock_0/$1" "udev_path=$2"; } # make_iblock NAME BLOCKDEVICE

needs_mapped() { # needs_mapped [PROGRAM...]: skips the test without these and what make_mapped needs
	local program
	modprobe -q dm_mod
	modprobe -q brd rd_nr=1 rd_size=32768
	for program in dmsetup "$@"; do
		command -v "$program" >/dev/null || skip_all "needs $program"
	done
	[ -b /dev/ram0 ] || skip_all "needs brd"
	[ "$(blockdev --getsz /dev/ram0)" -ge 32768 ] || skip_all "/dev/ram0 is smaller than 16 MiB"
}

make_mapped() { # make_mapped NAME: 16 MiB of /dev/ram0 as the device-mapper device NAME, and an iblock backstore of that
	dmsetup create "$1" --table "0 32768 linear /dev/ram0 0" || failed "$@"
	[ -b "/dev/mapper/$1" ] || dmsetup mknodes "$1"
	make_iblock "$1" "/dev/mapper/$1"
}

# What is submitted to it waits from then on, and goes on when it is resumed.
hold_mapped() { dmsetup suspend --noudevsync --noflush --nolockfs "$1"; } # hold_mapped NAME
resume_mapped() { dmsetup resume --noudevsync "$1"; } # resume_mapped NAME

make_pscsi() { # make_pscsi NAME H:C:T:L DEVICE: DEVICE is its /dev/sdX, or /dev/sgN of what is no disk
	local dev=$core/pscsi_0/$1 host channel id lun
	IFS=: read -r host channel id lun <<<"$2"
	mkdir -p "$dev" && write "scsi_host_id=$host,scsi_channel_id=$channel,scsi_target_id=$id,scsi_lun_id=$lun" "$dev/control" &&
		write "$3" "$dev/udev_path" && write 1 "$dev/enable" || failed "$@"
}

make_tpg() { # make_tpg WWN TPGT [INITIATOR]
	local tpg=$loopback/$1/tpgt_$2
	mkdir -p "$loopback/$1" && mkdir "$tpg" && { [ $# -lt 3 ] || write "$3" "$tpg/nexus"; } || failed "$@"
}

link_lun() { # link_lun WWN TPGT LUN BACKSTORE: BACKSTORE is rd_mcp_0/NAME or the like
	local lun=$loopback/$1/tpgt_$2/lun/lun_$3
	mkdir -p "$lun" && ln -s "$core/$4" "$lun/backstore" || failed "$@"
}

unlink_lun() { # unlink_lun WWN TPGT LUN
	local lun=$loopback/$1/tpgt_$2/lun/lun_$3
	rm -f "$lun/backstore" && rmdir "$lun" || failed "$@"
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
	wait_for 60 node_in "$dir" && node_in "$dir" || failed "$kind" "$@"
}
disk_of() { node_of block "$@"; } # disk_of WWN TPGT LUN: its /dev/sdX
sg_of() { node_of scsi_generic "$@"; } # sg_of WWN TPGT LUN: its /dev/sgN

at_rest() { # at_rest DISK: nobody reads the new disk any more, neither the kernel for partitions nor udev
	local number
	# What udev knows of an earlier disk of that number is gone when it has settled; it is told of the
	# disk after the partitions are read.
	number=$(cat "/sys/class/block/${1#/dev/}/dev") && { udevadm settle --timeout=60; wait_for 60 test -e "/run/udev/data/b$number"; } &&
		wait_for 60 udevadm settle --timeout=60 || failed "$@" # on a busy machine udev may not answer at once
}

remove_tpg() { # remove_tpg WWN TPGT
	local tpg=$loopback/$1/tpgt_$2 lun
	for lun in "$tpg"/lun/lun_*; do
		[ ! -d "$lun" ] || { find "$lun" -maxdepth 1 -type l -delete && rmdir "$lun"; } || break
	done
	rmdir "$tpg" || failed "$@"
}

clean_up() { # remove every target and every backstore
	local dir status=0
	for dir in "$loopback"/*/tpgt_*; do
		[ ! -d "$dir" ] || remove_tpg "$(basename "$(dirname "$dir")")" "${dir##*_}" || status=1
	done
	for dir in "$loopback"/{naa,fc,iqn,eui}.* "$core"/*_[0-9]*/*/ "$core"/*_[0-9]*/; do
		[ ! -d "$dir" ] || rmdir "$dir" || status=1
	done
	return $status
}

have_port_id() { [ -x ./port_id ]; } # built by "make programs" or the lab

# A slow machine sets $PROTOCOLS to one of them, and $VERIFY_SIZE to less.
protocol() { # protocol NAME ARGUMENTS...: the test's one_protocol with these
	[[ -n ${PROTOCOLS:-} && " $PROTOCOLS " != *" ${1%% *} "* ]] || one_protocol "$@"
}

begin_test() { # first of all: what it sets is for tap.sh
	local in_use
	# A test ends with clean_up, which removes everything: not from a machine in use.
	for in_use in "$loopback"/{naa,fc,iqn,eui}.* "$core"/*_[0-9]*/*/; do
		[ ! -d "$in_use" ] || skip_all "this machine uses LIO ($in_use); run in a VM"
	done
	checks=0 failures=0 may_fail=
	exec {silence}<> <(:) # of which nothing is ever read
	trap 'may_fail=1; echo "1..$((checks + 1))"; exit 1' USR1 # what failed() has told
	trap clean_up EXIT
}

finish() {
	may_fail=1
	# What is left would make the next test skip itself.
	clean_up || { checks=$((checks + 1)) failures=1; not_ok "clean-up"; }
	echo "1..$checks"
	[ "$failures" = 0 ]
	exit
}
