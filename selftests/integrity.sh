#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# T10-PI: a ramdisk with protection information, through DIX and DIF; and a file whose protection
# information is spoilt behind the target's back.
. "$(dirname "$0")/clients.sh"
begin_test
load_module
modprobe -a sd_mod 2>/dev/null

declare -A sense=([guard]="Logical block guard check failed" [reference]="Logical block reference tag check failed")
# sd prints ten messages in five seconds at most, so nobody else may read meanwhile: udev looks at what was written to.
failures_of() { # failures_of TAG: how often the target has told of them
	udevadm settle --timeout=60
	dmesg | grep -c "Add. Sense: ${sense[$1]}"
}
told() { # told TAG NUMBER: more than so often
	[ "$(failures_of "$1")" -gt "$2" ] || { dmesg | tail -n 20; return 1; }
}

own_tags() { # own_tags WHAT DISK: protection information that no layer here has made
	local what=$1 disk=$2 guards references
	guards=$(failures_of guard) references=$(failures_of reference)
	./pi.py "$disk" 8 >/tmp/pi.tap
	if [ $? = 4 ]; then
		skip "$what: tags of the caller's own" "$(sed 's/.*SKIP //' /tmp/pi.tap)"
		return
	fi
	check "$what: of tags of the caller's own right ones come back, wrong ones are refused" all_ok /tmp/pi.tap 5
	check "$what: the target tells of the wrong guard" told guard "$guards"
	check "$what: and of the wrong reference tag" told reference "$references"
}
all_ok() { # all_ok FILE NUMBER: of TAP
	cat "$1"
	[ "$(grep -c '^ok' "$1")" = "$2" ]
}

for type in 1 3; do
	name=pi-$type
	make_ramdisk $name 16
	check "type $type: the ramdisk takes protection" write $type $core/rd_mcp_0/$name/attrib/pi_prot_type
	make_tpg $naa $type $naa_initiator
	link_lun $naa $type 0 rd_mcp_0/$name
	disk=$(disk_of $naa $type 0)
	sd=/sys/block/${disk#/dev/}

	check_equal "type $type: READ CAPACITY (16) says so" "$type" "$(($(sg_readcap -l "$disk" |
		grep -oE 'p_type=[0-9]+' | cut -d= -f2) + 1))"
	check_equal "type $type: the host offers DIX with a CRC guard" "T10-DIF-TYPE$type-CRC" "$(cat "$sd/integrity/format")"
	check "type $type: I/O with protection information" verify "$disk"
	check_equal "type $type: the block layer generates and verifies" 11 \
		"$(cat "$sd/integrity/write_generate" "$sd/integrity/read_verify" | tr -d '\n')"

	[ $type = 3 ] || own_tags "type $type" "$disk" # type 3 has no reference tag
	dd if=/dev/urandom of="$disk" bs=4k count=1 oflag=direct status=none
	check "type $type: what was written reads back" dd if="$disk" of=/dev/null bs=4k count=1 iflag=direct status=none
	echo 3 >/proc/sys/vm/drop_caches
	remove_tpg $naa $type
done

# fileio keeps 8 bytes for each block of 512 in a file of its own: guard, application, reference tag.
file=/tmp/pi.img
make_fileio pi-file 16 $file
dev=$core/fileio_0/pi-file
write 1 "$dev/attrib/pi_prot_type"
check "a file takes protection" write 1 "$dev/attrib/pi_prot_format"
make_tpg $iqn 1 $iqn_initiator
link_lun $iqn 1 0 fileio_0/pi-file
disk=$(disk_of $iqn 1 0)
at_rest "$disk"
dd if=/dev/urandom of="$disk" bs=4k seek=1 count=1 oflag=direct status=none
spoil() { printf '%b' "$2" | dd of=$file.protection bs=1 seek=$((8 * 8 + $1)) conv=notrunc status=none; } # spoil TAG BYTES: of block 8
readable() { dd if="$disk" of=/tmp/pi.read bs=4k skip=1 count=1 iflag=direct status=none; }
verify_in_block_layer() { echo "$1" >"/sys/block/${disk#/dev/}/integrity/read_verify"; }
dd if=$file.protection of=/tmp/pi.good bs=8 skip=8 count=8 status=none
check "the file: what was written is readable" readable
for tag in guard=0 reference=4; do
	before=$(failures_of ${tag%=*})
	spoil ${tag#*=} '\x5a\xa5'
	check "the file: a wrong ${tag%=*} tag is an error" refused "" readable
	check "the file: of which the target tells" told "${tag%=*}" "$before"
	verify_in_block_layer 0
	check "the file: it passes where the block layer asks for no protection information" readable
	verify_in_block_layer 1
	dd if=/tmp/pi.good of=$file.protection bs=8 seek=8 conv=notrunc status=none
	check "the file: with the right ${tag%=*} tag again, it is readable" readable
done
own_tags "the file" "$disk"
spoil 0 '\x5a\xa5\xff\xff'
check "the file: application tag 0xffff says that the block is not protected" readable
remove_tpg $iqn 1

# attrib/fabric_prot_type: the fabric's own protection over an unprotected backstore.
make_ramdisk plain 16
make_tpg $fc 1
write 1 $loopback/$fc/tpgt_1/attrib/fabric_prot_type
write $fc_initiator $loopback/$fc/tpgt_1/nexus
link_lun $fc 1 0 rd_mcp_0/plain
disk=$(disk_of $fc 1 0)
check "fabric_prot_type=1: READ CAPACITY (16) says so" has "prot_en=1" "$(sg_readcap -l "$disk")"
check "fabric_prot_type=1: I/O on an unprotected ramdisk" verify "$disk"
finish
