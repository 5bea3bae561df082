#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# INQUIRY and its page 0x83 for a target of each protocol, field by field, as
# sg_inq and sg_vpd decode them.
. "$(dirname "$0")/targets.sh"
begin_test
load_module
tag=258 # of each target port: two bytes, which differ
[ -e /sys/module/tcm_loop/version ] || tag=2 # the kernel's own tcm_loop has no port above tpgt_31

# The descriptors of one designator type and association, one line each.
designators() { # designators DISK: "association | type | transport | value", from sg_inq -i
	sg_inq -i "$1" | awk '
		/Designation descriptor number/ { flush(); transport = type = association = value = "" ; next }
		/transport:/ { sub(/.*transport: /, ""); transport = $0; next }
		/designator_type:|id_type:/ { sub(/.*(designator|id)_type: */, ""); sub(/,.*/, ""); type = $0; next }
		/associated with/ { sub(/.*associated with the /, ""); association = $0; next }
		{ gsub(/^ +/, ""); value = value $0 ";" }
		function flush() { if (type != "") print association " | " type " | " transport " | " value }
		END { flush() }'
}

# What a backstore's logical unit is called by udev, in /dev/disk/by-id.
by_id() { udevadm info --query=property "$1" 2>/dev/null | grep -E '^(ID_SERIAL|ID_WWN|SCSI_IDENT_SERIAL)' | sort; }

has_serial() { has "^ID_SERIAL=." "$(by_id "$1")"; }

# The page as the library completes the core's must be what the target sent.
same_page() { # same_page WWN TAG CORE_PAGE TARGET_PAGE
	equal "$(./port_id complete "$1" "$2" <"$3")" "$(od -An -v -tx1 "$4" | tr -d ' \n')"
}

# The whole page at every allocation length, with and without what we add.
complete_page() {
	local what=$1 wwn=$2 disk=$3 attribute=$loopback/$2/tpgt_$tag/complete_device_id before
	check "$what: page 0x83 at every allocation length" ./page83.py "$disk" /tmp/page overflow
	check "$what: udev knows its serial number" wait_for 60 has_serial "$disk"
	before=$(by_id "$disk")
	[ ! -e "$attribute" ] || write 0 "$attribute"
	check "$what: and as the target core has it" ./page83.py "$disk" /tmp/core-page
	udevadm trigger --action=change --settle "$disk"
	check_equal "$what: the names in /dev/disk/by-id are the same" "$before" "$(by_id "$disk")"
	[ ! -e "$attribute" ] || write 1 "$attribute"
	if have_port_id; then
		check "$what: the page is the core's, completed" same_page "$wwn" $tag /tmp/core-page /tmp/page
	else
		skip "$what: the page is the core's, completed" "port_id is not built"
	fi
}

one_protocol() {
	local what=$1 wwn=$2 initiator=$3 transport=$4 port=$5 naa=$6 disk di
	make_ramdisk "identity-$what" 16
	make_tpg "$wwn" $tag "$initiator"
	link_lun "$wwn" $tag 0 "rd_mcp_0/identity-$what"
	disk=$(disk_of "$wwn" $tag 0)
	at_rest "$disk" # its node is there before it can be opened

	local inquiry
	inquiry=$(sg_inq "$disk")
	check "$what: INQUIRY: a connected disk" has "PQual=0.*(Peripheral device type: disk|PDT=0)" "$(tr '\n' ' ' <<<"$inquiry")"
	check "$what: INQUIRY: vendor" has "Vendor identification: LIO-ORG" "$inquiry"
	check "$what: INQUIRY: product" has "Product identification: (RAMDISK-MCP|identity-$what)" "$inquiry"
	check "$what: page 0x80: serial number" has "serial number: identity-$what" "$(sg_vpd -p sn "$disk")"

	di=$(designators "$disk")
	check "$what: page 0x83: NAA of the logical unit" has "^addressed logical unit \| NAA \|  \| .*0x6001405" "$di"
	check "$what: page 0x83: T10 vendor ID of the logical unit" \
		has "^addressed logical unit \| T10 vendor identification \|  \| vendor id: LIO-ORG" "$di"
	check "$what: page 0x83: relative target port, with the protocol" \
		has "^target port \| Relative target port \| $transport \| Relative target port: 0x[0-9a-f]+" "$di"
	check "$what: page 0x83: target port group, with the protocol" \
		has "^target port \| Target port group \| $transport \| Target port group: 0x0" "$di"
	check "$what: page 0x83: logical unit group" \
		has "^addressed logical unit \| Logical unit group \|  \| Logical unit group: 0x0" "$di"
	check "$what: page 0x83: name of the target port, with the protocol" \
		has "^target port \| SCSI name string \| $transport \| SCSI name string:;?.*$port,t,0x0*$(printf %x $tag);" "$di"
	check "$what: page 0x83: name of the target device, with the protocol" \
		has "^target device.* \| SCSI name string \| $transport \| SCSI name string:;?.*$port;" "$di"
	case $naa in
	-) check "$what: page 0x83: no NAA identifier of the target port" refused "no" has "^target port \| NAA" "$di" ;;
	*) check "$what: page 0x83: NAA identifier of the target port, with the protocol" \
		has "^target port \| NAA \| $transport \| .*0x$naa" "$di" ;;
	esac
	if [ -e "$loopback/$wwn/tpgt_$tag/rtpi" ]; then # else the core numbers each logical unit's ports
		check "$what: page 0x83: the relative target port identifier is not 0" refused "no" \
			has "Relative target port: 0x0;" "$di"
		write 77 "$loopback/$wwn/tpgt_$tag/rtpi"
		check "$what: page 0x83: the relative target port identifier that was written" \
			has "Relative target port: 0x4d;" "$(designators "$disk")"
	fi
	complete_page "$what" "$wwn" "$disk"
	check "$what: lsscsi -t lists it" has " $disk" "$(lsscsi -t "$(host_of "$wwn" $tag)")"
	check "$what: sg_vpd -p di --long decodes it" has "Device Identification VPD page" "$(sg_vpd -p di --long "$disk")"
	check "$what: sg_vpd decodes the page too" has "naa|0x6001405" "$(sg_vpd -p di --quiet "$disk")"
	check "$what: lsscsi shows the disk's place" has "$disk .*dir: .*tcm_loop_0/tcm_loop_adapter_|tcm_loop_0/tcm_loop_adapter_" \
		"$(lsscsi -v "$(host_of "$wwn" $tag)" 2>/dev/null)"
	remove_tpg "$wwn" $tag
}

protocol SAS $naa $naa_initiator "Serial Attached SCSI.*" "$naa" "${naa#naa.}"
protocol FC $fc $fc_initiator "Fibre Channel.*" "naa.$(tr -d : <<<"${fc#fc.}")" "$(tr -d : <<<"${fc#fc.}")"
protocol iSCSI $iqn $iqn_initiator "Internet SCSI \(iSCSI\)" "$iqn" -
# The tcm_loop page of the LIO wiki: 16 digits that begin with 6 are no NAA identifier.
protocol "SAS of the wiki" naa.600140554cf3a18e $naa_initiator "Serial Attached SCSI.*" naa.600140554cf3a18e -
finish
