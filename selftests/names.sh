#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Odd names, which only have the prefix of a protocol: what programs make has its disk, its pages
# and its registrations, and registrations of others beside it are shown.
. "$(dirname "$0")/clients.sh"
begin_test
load_module
dmesg -n 7 # a guest that dies tells why

long() { # long PREFIX: 223 bytes, as many as the target core keeps
	printf '%s%*s' "$1" $((223 - ${#1})) '' | tr ' ' x
}
# TARGET INITIATOR, and the TransportID as it has to be, or "-" for one that is made from the name.
names=(
	naa.123456789abcdef naa.123456789abcdef -
	naa.6001405r0d41d8cd9 naa.6001405r1d41d8cd9 -
	naa.1a2b3c4d5e6f naa.0f1e2d3c4b5a69788796a5b4c3d2e1f0 "$(sas_id naa.0f1e2d3c4b5a6978)"
	naa.726163636f6f6e73 naa.726163636f6f6e73 "$(sas_id naa.726163636f6f6e73)"
	naa.40223344ab000100 naa.40223344AB000101 "$(sas_id naa.40223344ab000101)"
	naa.5001405ugosdata0 naa.5001405probe1 -
	naa.x 'naa.%s;"=\' -
	"$(long naa.)" "$(long naa.)" -
	fc.racoon fc.21:00 -
	fc.21000024ff00000155 fc.21:00:00:24:ff:00:00:02:33 "$(fc_id fc.21:00:00:24:ff:00:00:02)"
	"$(long fc.)" "$(long fc.)" -
	iqn.x iqn.2003-13.ORG:Upper "$(text_id 05 iqn.2003-13.ORG:Upper)"
	"iqn.,i,0x12" "iqn.a,i,0x12,i,0x00023d000001" "$(text_id 05 "iqn.a,i,0x12,i,0x00023d000001")"
	eui.racoon "iqn.2003-01.org:a,i,0x12" "$(text_id 05 iqn.2003-01.org:a,i,0x12)"
	iqn.2003-01 "iqn.Racoon,i,0x00023d000001" "$(text_id 45 iqn.Racoon,i,0x00023d000001)"
	"$(long iqn.)" "$(long iqn.)" "$(text_id 05 "$(long iqn.)")"
)

data_goes_through() { # data_goes_through DISK
	dd if=/dev/urandom of=/tmp/names.data bs=64k count=1 status=none &&
		dd if=/tmp/names.data of="$1" bs=64k oflag=direct status=none &&
		dd if="$1" bs=64k count=1 iflag=direct status=none | cmp - /tmp/names.data
}
has_port_naa() { sg_inq -i "$1" | grep -A 3 -iE '(designator|id)_type: NAA' | grep -i "target port"; }
no_port_naa() { ! has_port_naa "$1"; }
pages_decode() { sg_inq "$1" >/dev/null && sg_vpd -p di "$1" >/dev/null && sg_vpd -p sn "$1" | grep -q names; }
status_of() { full_status "$1" | grep "^0x$2 "; } # status_of DISK KEY
locally_assigned() { [[ $1 =~ ^0x3\ 1\ (0[06]000000(00000000)?3[0-9a-f]{15}(00)*)$ ]] || { echo "$1"; return 1; }; }
register_for() { pr --out --register --param-sark=5 --transport-id="$(hex "$1")" "$first"; }
# Until 5.12 the core finds iSCSI ports only, and with an ISID only the first of them.
spec_i_pt_finds() { # spec_i_pt_finds TRANSPORTID
	[[ $1 != 45* ]] || return
	case $(uname -r) in
	[2-4].* | 5.[0-9].* | 5.1[0-2].*) [[ $1 == 05* ]] ;;
	esac
}
kept() { sg_persist --no-inquiry -r "$1" | grep -q "Key *= *0x$2"; }

make_ramdisk names 8
make_tpg $naa 1 $naa_initiator
link_lun $naa 1 0 rd_mcp_0/names
make_tpg $iqn 1 $iqn_initiator
link_lun $iqn 1 0 rd_mcp_0/names
first=$(disk_of $naa 1 0) last=$(disk_of $iqn 1 0)
at_rest "$first"
at_rest "$last"
check "a well-formed name has an NAA designator of the port" has_port_naa "$first"

odd() { # odd TARGET INITIATOR TRANSPORTID
	local target=$1 initiator=$2 id=$3 what disk status
	what="${target:0:40}, ${initiator:0:40}"
	check "$what: target and nexus" make_tpg "$target" 1 "$initiator"
	check_equal "$what: the nexus reads back" "$initiator" "$(cat "$loopback/$target/tpgt_1/nexus")"
	check "$what: the LUN is linked" link_lun "$target" 1 0 rd_mcp_0/names
	disk=$(disk_of "$target" 1 0)
	at_rest "$disk"
	check "$what: there is a disk" test -b "$disk"
	check "$what: data goes through" data_goes_through "$disk"
	check "$what: INQUIRY and its pages" pages_decode "$disk"
	check "$what: no NAA designator of the port" no_port_naa "$disk"

	# One before it in the list of registrations and one behind it.
	pr --out --register --param-sark=1 "$first" >/dev/null 2>&1
	check "$what: REGISTER" pr --out --register --param-sark=3 "$disk"
	pr --out --register --param-sark=2 "$last" >/dev/null 2>&1
	check "$what: RESERVE" pr --out --reserve --param-rk=3 --prout-type=5 "$disk"
	check "$what: the reservation is its" kept "$first" 3
	check_equal "$what: READ KEYS" "0x1 0x2 0x3" "$(pr --in --read-keys "$first" 2>&1 | grep -oE '0x[1-3]$' | sort | xargs)"
	check_equal "$what: READ FULL STATUS: the one before" "0x1 0 $(sas_id $naa_initiator)" "$(status_of "$first" 1)"
	check_equal "$what: READ FULL STATUS: the one behind" "0x2 0 $(text_id 05 $iqn_initiator)" "$(status_of "$first" 2)"
	status=$(status_of "$first" 3)
	if [ "$id" = - ]; then
		check "$what: its TransportID is locally assigned" locally_assigned "$status"
	else
		check_equal "$what: its TransportID" "0x3 1 $id" "$status"
	fi
	check "$what: CLEAR" pr --out --clear --param-rk=3 "$disk"
	take_attentions "$first" "$last" "$disk"

	# Registered by another port, with the TransportID that it is shown with.
	id=${status##* }
	if [ ${#id} -ge 448 ]; then # some cores take a name of more than 219 bytes, and some do not
		register_for "$id" >/dev/null 2>&1
		pr --out --clear --param-rk=5 "$first" >/dev/null 2>&1
		take_attentions "$first" "$last" "$disk"
	elif spec_i_pt_finds "$id"; then
		check "$what: REGISTER with SPEC_I_PT" register_for "$id"
		check_equal "$what: both are registered" "$(printf '%s\n' "0x5 0 $id" "0x5 0 $(sas_id $naa_initiator)" | sort)" "$(full_status "$first")"
		pr --out --clear --param-rk=5 "$first" >/dev/null 2>&1
		take_attentions "$first" "$last" "$disk"
	else
		check "$what: REGISTER with SPEC_I_PT is refused" refused "" register_for "$id"
		check_equal "$what: nobody is registered" "" "$(full_status "$first")"
	fi
	check "$what: all can be removed" eval "remove_tpg '$target' 1 && rmdir '$loopback/$target'"
}

for ((i = 0; i < ${#names[@]}; i += 3)); do
	odd "${names[@]:i:3}"
done
finish
