#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Persistent reservations between two initiator ports of each protocol, with
# the registrants' TransportIDs (SPC-4 r37, 7.6.4).
. "$(dirname "$0")/clients.sh"
begin_test
load_module
mkdir -p /etc/target/pr /etc/target/alua

transport_ids() { full_status "$1" | cut -d ' ' -f 3 | sort; } # transport_ids DISK: of all that are registered

one_protocol() {
	local what=$1 wwn=$2 first=$3 second=$4 id1=$5 id2=$6 a b
	make_ramdisk "pr-$what" 16
	make_tpg "$wwn" 1 "$first"
	make_tpg "$wwn" 2 "$second"
	link_lun "$wwn" 1 0 "rd_mcp_0/pr-$what"
	link_lun "$wwn" 2 0 "rd_mcp_0/pr-$what"
	a=$(disk_of "$wwn" 1 0)
	b=$(disk_of "$wwn" 2 0)

	check "$what: register the first" pr --out --register --param-sark=0xa1 "$a"
	check "$what: register the second" pr --out --register --param-sark=0xb2 "$b"
	if have_port_id; then
		check_equal "$what: the library makes the first's TransportID" "$id1" "$(./port_id transport-id "$first")"
		check_equal "$what: the library makes the second's TransportID" "$id2" "$(./port_id transport-id "$second")"
	else
		skip "$what: the library makes the same TransportIDs" "port_id is not built"
	fi
	check_equal "$what: the TransportIDs of both" "$(printf '%s\n' "$id1" "$id2" | sort)" "$(transport_ids "$a")"
	check "$what: sg_persist -s names the first" grep -qiE "$7" <<<"$(pr --in --read-full-status "$a")"
	check "$what: reserve, Write Exclusive" pr --out --reserve --param-rk=0xa1 --prout-type=1 "$a"
	check "$what: the reservation is seen by the second" grep -qi "key *[=:] *0xa1" <<<"$(pr --in --read-reservation "$b")"
	check "$what: the holder writes" dd if=/dev/zero of="$a" bs=4k count=1 oflag=direct status=none
	check "$what: the second does not" refused "" dd if=/dev/zero of="$b" bs=4k count=1 oflag=direct status=none
	check "$what: the second reads" dd if="$b" of=/dev/null bs=4k count=1 iflag=direct status=none
	check "$what: the second may not reserve" refused "" pr --out --reserve --param-rk=0xb2 --prout-type=1 "$b"
	check "$what: the second preempts" pr --out --preempt --param-rk=0xb2 --param-sark=0xa1 --prout-type=1 "$b"
	check "$what: and writes" dd if=/dev/zero of="$b" bs=4k count=1 oflag=direct status=none
	check_equal "$what: the first's registration is gone" "$id2" "$(transport_ids "$b")"
	check "$what: the first registers again" wait_for 60 pr --out --register --param-sark=0xa1 "$a"
	begin fio --name=load --filename="$a" --direct=1 --ioengine=libaio --rw=randread --bs=4k --iodepth=8 \
		--time_based=1 --runtime=60
	sleep 0.5
	check "$what: the second preempts and aborts, under I/O" \
		wait_for 60 pr --out --preempt-abort --param-rk=0xb2 --param-sark=0xa1 --prout-type=1 "$b"
	kill "$load"
	end
	check_equal "$what: the first's registration is gone again" "$id2" "$(transport_ids "$b")"
	check "$what: release" pr --out --release --param-rk=0xb2 --prout-type=1 "$b"
	check "$what: clear" pr --out --clear --param-rk=0xb2 "$b"
	check_equal "$what: nobody is registered" "" "$(transport_ids "$b")"
	remove_tpg "$wwn" 1
	remove_tpg "$wwn" 2
}

protocol SAS $naa naa.5001405000000002 naa.5001405000000003 \
	"$(sas_id naa.5001405000000002)" "$(sas_id naa.5001405000000003)" 5001405000000002
protocol FC $fc fc.21:00:00:24:ff:00:00:02 fc.21:00:00:24:ff:00:00:03 \
	"$(fc_id fc.21:00:00:24:ff:00:00:02)" "$(fc_id fc.21:00:00:24:ff:00:00:03)" "21 ?00 ?00 ?24 ?ff ?00 ?00 ?02"
protocol iSCSI $iqn iqn.2003-01.org.lab:one iqn.2003-01.org.lab:second \
	"$(text_id 05 iqn.2003-01.org.lab:one)" "$(text_id 05 iqn.2003-01.org.lab:second)" iqn.2003-01.org.lab:one
# Two sessions of one initiator: ports that differ in nothing but the ISID.
protocol "iSCSI with ISID" $iqn iqn.2003-01.org.lab:one,i,0x00023d000001 iqn.2003-01.org.lab:one,i,0x00023d000002 \
	"$(text_id 45 iqn.2003-01.org.lab:one,i,0x00023d000001)" "$(text_id 45 iqn.2003-01.org.lab:one,i,0x00023d000002)" \
	iqn.2003-01.org.lab:one,i,0x00023d000001
finish
