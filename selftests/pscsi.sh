#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# pscsi hands a local SCSI device through: scsi_debug's disk, zoned disk, tape
# drive and CD-ROM drive, each with its own answers and its own sense data.
. "$(dirname "$0")/clients.sh"
begin_test
load_module
modprobe -q target_core_pscsi || skip_all "needs pscsi"
trap 'clean_up; rmmod scsi_debug 2>/dev/null' EXIT

pass_through() { # pass_through NAME PATH: a pscsi backstore of the device $raw, with LUN 0 over it
	make_pscsi "$1" "$raw" "$2" && make_tpg $fc 1 $fc_initiator && link_lun $fc 1 0 "pscsi_0/$1" &&
		wait_for 60 test -d "$(device_of $fc 1 0)/scsi_generic"
}

has_zones() { # does this kernel's block layer?
	local status
	load_debug device zbc=managed dev_size_mb=64 zone_size_mb=4 && [ -d "/sys/bus/scsi/devices/$(debug_device)/block" ]
	status=$?
	unload_debug
	return $status
}

# begin_device NAME PARAMETER...: $raw, /dev/$raw_sg and perhaps /dev/$raw_block are scsi_debug's, $device and $sg ours
begin_device() {
	local name=$1 path
	shift
	check "$name: scsi_debug makes one" load_debug device "$@"
	raw=$(debug_device)
	raw_sg=$(ls "/sys/bus/scsi/devices/$raw/scsi_generic")
	raw_block=$(ls "/sys/bus/scsi/devices/$raw/block" 2>/dev/null)
	path=/dev/${raw_block:-$raw_sg}
	check "$name: appears as a LUN" pass_through "$name" "$path"
	device=$(device_of $fc 1 0)
	sg=$(sg_of $fc 1 0)
	check_equal "$name: its type" "$(cat "/sys/bus/scsi/devices/$raw/type")" "$(cat "$device/type")"
	check_equal "$name: its vendor" "$(cat "/sys/bus/scsi/devices/$raw/vendor")" "$(cat "$device/vendor")"
}

end_device() { # end_device NAME
	check "$1: is removed" remove_tpg $fc 1
	clean_up
	check "$1: and let go" unload_debug
}

same() { # same COMMAND...: prints the same with the device and through our disk
	equal "$("$@" "/dev/$raw_sg" 2>&1)" "$("$@" "$sg" 2>&1)"
}
sense_of() { # sense_of HEX...: of a READ of one block that fails
	! sg_raw --request=512 "$sg" "$@" 2>&1
}

# So many bytes in each of as many pieces of memory as a command may have segments.
pieces='
import mmap, os, sys
size = int(sys.argv[2])
memory = mmap.mmap(-1, 256 * 8192)
pieces = [memoryview(memory)[at:at + size] for at in range(0, len(memory), 8192)]
fd = os.open(sys.argv[1], os.O_RDWR | os.O_DIRECT)
for number, piece in enumerate(pieces):
    piece[:] = bytes([number]) * size
written = os.pwritev(fd, pieces, 0)
memory[:] = bytes(len(memory))
read = os.preadv(fd, pieces, 0)
wrong = [number for number, piece in enumerate(pieces) if piece != bytes([number]) * size]
if written != 256 * size or read != written or wrong:
    sys.exit(f"{written} bytes written, {read} read; these blocks are wrong: {wrong}")
'

devices_of_scsi_debug() {
	# Reads of block 0x1234 and those after it fail.
	begin_device disk dev_size_mb=16 opts=2
	check "disk: takes data and gives it back" verify "$(disk_of $fc 1 0)" --size=2m
	check "disk: data in many small pieces" python3 -c "$pieces" "$(disk_of $fc 1 0)" 512
	check "disk: tells its medium error" grep -q "Medium Error" <<<"$(sense_of 28 00 00 00 12 34 00 00 01 00)"
	check "disk: tells that there is no such block" \
		grep -q "Logical block address out of range" <<<"$(sense_of 28 00 00 ff ff ff 00 00 01 00)"
	check "disk: the block layer sees the error" \
		refused "error reading" dd if="$(disk_of $fc 1 0)" of=/dev/null bs=512 skip=$((0x1234)) count=1 iflag=direct
	for page in sn di bl lbpv; do
		check "disk: its page $page" same sg_vpd --hex --page=$page
	done
	check "disk: its capacity" same sg_readcap --16 --hex
	check "disk: its mode pages" same sg_modes --all --hex --control
	end_device disk

	# pscsi takes a zoned disk only as a block device.
	if ! modinfo scsi_debug | grep -q "^parm: *zbc:" || ! has_zones; then
		skip "zoned disk" "this kernel has none"
	else
		begin_device zoned dev_size_mb=64 zbc=managed zone_size_mb=4 zone_nr_conv=2
		check "zoned: its zones" same sg_rep_zones --hex
		disk=$(disk_of $fc 1 0)
		check_equal "zoned: the block layer knows what it is" host-managed "$(cat "/sys/block/${disk#/dev/}/queue/zoned")"
		check_equal "zoned: blkzone sees its zones" 16 "$(blkzone report "$disk" | wc -l)"
		check "zoned: a zone is written" dd if=/dev/zero of="$disk" bs=64k seek=$((8 * 16)) count=4 oflag=direct
		check "zoned: its write pointer has moved" grep -q "wptr 0x000200" <<<"$(blkzone report --offset $((8 * 16 * 128)) --count 1 "$disk")"
		check "zoned: a write elsewhere is refused" \
			refused "error writing" dd if=/dev/zero of="$disk" bs=64k seek=$((8 * 16 + 32)) count=1 oflag=direct
		check "zoned: the zone is reset" blkzone reset --offset $((8 * 16 * 128)) --count 1 "$disk"
		check "zoned: its write pointer is back" grep -q "wptr 0x000000" <<<"$(blkzone report --offset $((8 * 16 * 128)) --count 1 "$disk")"
		end_device zoned
	fi

	begin_device tape ptype=1
	check "tape: is ready, or says the same" same sg_turs
	check "tape: its limits" same sg_raw --request=6 # READ BLOCK LIMITS
	end_device tape

	begin_device cdrom ptype=5
	check "cdrom: is ready, or says the same" same sg_turs
	end_device cdrom
}
if modprobe -qn scsi_debug; then
	devices_of_scsi_debug
else
	skip "scsi_debug's devices" "needs scsi_debug"
fi

limit() { cat "/sys/block/${1#/dev/}/queue/$2"; } # limit DISK NAME

# A disk with limits of its own, which is there to be written to: its serial number says so.
spare() { # its name, as sdX
	grep -lsa tcm-loop-spare /sys/block/sd*/device/vpd_pg80 | sed -n '1s|^/sys/block/\([^/]*\)/.*|\1|p' | grep .
}
modprobe -q ahci
if ! spare >/dev/null && ! { ls -d /sys/bus/pci/drivers/ahci/0* >/dev/null 2>&1 && wait_for 30 spare >/dev/null; }; then
	skip "spare" "this machine has no disk for tests (vm/run --sata)"
	finish
fi
raw_block=$(spare)
raw=$(basename "$(readlink -f "/sys/block/$raw_block/device")")
udevadm settle --timeout=60
check "spare: appears as a LUN" pass_through spare "/dev/$raw_block"
disk=$(disk_of $fc 1 0)
for name in max_hw_sectors_kb max_segments; do
	check_equal "spare: its $name" "$(limit "$raw_block" $name)" "$(limit "$disk" $name)"
done
check "spare: data in many pages" python3 -c "$pieces" "$disk" 4096
check "spare: data in many small pieces" python3 -c "$pieces" "$disk" 512
check "spare: commands as large as they may be" verify "$disk" --bsrange=1m-1m
finish
