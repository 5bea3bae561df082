#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What the log says of a backstore that is linked, where users may not expect it;
# and that INQUIRY has what was written to the backstore before.
. "$(dirname "$0")/clients.sh"
begin_test
load_module
modprobe -q loop

mark() { echo "tcm_loop selftests: $1" >/dev/kmsg; since=$1; } # mark TEXT: what follows is new
said() { dmesg | sed "0,/tcm_loop selftests: $since/d" | grep -F "tcm_loop: " | grep -E "$1"; } # said REGEX
serial() { write "$2" "$core/rd_mcp_0/$1/wwn/vpd_unit_serial"; } # serial BACKSTORE TEXT

for name in one two three four; do make_ramdisk $name 1; done
serial one bean-sbx-alpha
serial two bean-probe-2 # beabaa and beabe2: others
serial three moon-bean-sbx-alpha
serial four bean-sbx-alpha
make_tpg $naa 1 $naa_initiator
make_tpg $fc 1 $fc_initiator
mark "the first"
link_lun $naa 1 0 rd_mcp_0/one
check "nothing is said of one backstore" refused "" said "identifier"
link_lun $naa 1 1 rd_mcp_0/two
check "nor of one with another identifier" refused "" said "identifier"
link_lun $fc 1 0 rd_mcp_0/one
check "nor of a second path to it" refused "" said "identifier"
mark "the second"
link_lun $fc 1 1 rd_mcp_0/three
check "a serial number with the same digits: a line names both" said "rd_mcp_0/three and rd_mcp_0/one have one identifier, 6001405beabaa"
check_equal "one line" 1 "$(said identifier | wc -l)"
unlink_lun $fc 1 1
mark "the third"
link_lun $fc 1 1 rd_mcp_0/four
check "nothing is said of two that have the same serial number: these are to be one disk" refused "" said "rd_mcp_0/four and rd_mcp_0/one"

truncate -s 8M /tmp/warnings.img
if loop=$(losetup --show --find --sector-size 4096 /tmp/warnings.img 2>/dev/null); then
	trap 'clean_up; losetup --detach $loop' EXIT
	make_iblock small "$loop"
	mark "blocks of 4096"
	link_lun $naa 1 4 iblock_0/small
	check "nothing is said of blocks that are the device's" refused "" said "blocks of"
	unlink_lun $naa 1 4
	write 512 $core/iblock_0/small/attrib/block_size
	link_lun $naa 1 4 iblock_0/small
	check "blocks of 512 bytes over 4096: a line says so" said "lun_4: has blocks of 512 bytes, .* iblock_0/small blocks of 4096"
	disk=$(disk_of $naa 1 4)
	at_rest "$disk"
	check "what is aligned is written" dd if=/dev/urandom of="$disk" bs=4k count=2 oflag=direct status=none
	check "and read" dd if="$disk" of=/dev/null bs=4k count=2 iflag=direct status=none
	first() { dd if="$1" bs=4k count=2 iflag=direct status=none | md5sum; } # first DISK
	check_equal "and is the device's" "$(first "$loop")" "$(first "$disk")"
	unlink_lun $naa 1 4
else
	skip "blocks of 512 bytes over 4096" "no loop device with blocks of 4096 bytes"
fi

truncate -s 1M /tmp/warnings-cached.img
make_backstore fileio_0/cached fd_dev_name=/tmp/warnings-cached.img,fd_dev_size=$((1 << 20)),fd_buffered_io=1
mark "a page cache"
link_lun $naa 1 5 fileio_0/cached
check "nothing is said of a page cache that is told as a write cache" refused "" said "no write cache"
unlink_lun $naa 1 5
write 0 $core/fileio_0/cached/attrib/emulate_write_cache
link_lun $naa 1 5 fileio_0/cached
check "a page cache that is not told: a line says so" said "fileio_0/cached says that it has no write cache"

wwn=$core/rd_mcp_0/two/wwn
unlink_lun $naa 1 1
if [ -e "$wwn/vendor_id" ]; then
	write EXAMPLE "$wwn/vendor_id"
	write "MODEL 5" "$wwn/product_id"
	write 7.1a "$wwn/revision"
	expected="EXAMPLE MODEL 5 7.1a"
else
	expected="LIO-ORG RAMDISK-MCP 4.0"
fi
serial two Serial-0123
link_lun $naa 1 1 rd_mcp_0/two
device=$(device_of $naa 1 1)
check_equal "INQUIRY: vendor, product and revision" "$expected" \
	"$(paste -d " " "$device/vendor" "$device/model" "$device/rev" | tr -s " " | sed 's/ $//')"
check "INQUIRY: serial number" has "serial number: Serial-0123" "$(sg_vpd -p sn "$(disk_of $naa 1 1)")"
finish
