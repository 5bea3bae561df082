#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Registrations that one initiator port makes for another: REGISTER with SPEC_I_PT
# set, REGISTER AND MOVE (SPC-4 r37, 5.13.7 and 5.13.8), between ports of each
# protocol; and those that outlast the logical unit (APTPL).
#
#	REGISTRATIONS	pairs of ports ("SAS:FC FC:ISID ISID:iSCSI iSCSI:SAS"), or all;
#			SAS and FC are always among the ports
. "$(dirname "$0")/clients.sh"
begin_test
load_module

declare -A target_of=([SAS]=$naa [FC]=$fc [iSCSI]=$iqn [ISID]=iqn.2003-01.org.linux-iscsi.lab:isid)
declare -A initiator_of=([SAS]=$naa_initiator [FC]=$fc_initiator [iSCSI]=$iqn_initiator
	[ISID]="iqn.2003-01.org.linux-iscsi.lab:with-isid,i,0x00023d000001")
declare -A id=([SAS]=$(sas_id $naa_initiator) [FC]=$(fc_id $fc_initiator) [iSCSI]=$(text_id 05 $iqn_initiator)
	[ISID]=$(text_id 45 "${initiator_of[ISID]}"))
declare -A disk rtpi
each="SAS:FC FC:ISID ISID:iSCSI iSCSI:SAS"
pairs=${REGISTRATIONS:-$each}
[ "$pairs" != all ] || pairs="$each SAS:ISID SAS:iSCSI FC:SAS FC:iSCSI ISID:SAS ISID:FC iSCSI:FC iSCSI:ISID"
# The core cuts the ISID off a TransportID when it compares that with the first iSCSI port: that is ISID's.
ports="SAS FC"
for port in ISID iSCSI; do
	[[ $pairs != *$port* ]] || ports+=" $port"
done

make_ports() {
	local port
	for port in $ports; do
		make_tpg "${target_of[$port]}" 1 "${initiator_of[$port]}"
		link_lun "${target_of[$port]}" 1 0 rd_mcp_0/registrations
		disk[$port]=$(disk_of "${target_of[$port]}" 1 0)
	done
	for port in $ports; do
		at_rest "${disk[$port]}"
		rtpi[$port]=$(sg_vpd -p di "${disk[$port]}" | sed -n 's/.*[Rr]elative target port: *0x//p')
	done
}

registered() { check_equal "$1" "$2" "$(full_status "${disk[SAS]}")"; } # registered DESCRIPTION LINES

clear() { # clear PORT KEY
	take_attentions "${disk[@]}"
	check "$1: clear" pr --out --clear --param-rk="$2" "${disk[$1]}"
	take_attentions "${disk[@]}"
}

make_ramdisk registrations 16
make_ports
take_attentions "${disk[@]}"
# An old core knows only iSCSI ports by their TransportIDs.
case $(uname -r) in
[2-4].* | 5.[0-9].* | 5.1[0-2].*) unfindable="SAS FC" ;;
*) unfindable= ;;
esac
findable() { [[ " $unfindable " != *" $1 "* ]]; } # findable PORT
for port in $ports; do
	if have_port_id; then
		check_equal "$port: the library makes the TransportID" "${id[$port]}" "$(./port_id transport-id "${initiator_of[$port]}")"
	else
		skip "$port: the library makes the TransportID" "port_id is not built"
	fi
done

for pair in $pairs; do
	from=${pair%:*} to=${pair#*:}
	what="$from for $to"
	register=(pr --out --register --param-sark=0xa1 --transport-id="$(hex "${id[$to]}")" "${disk[$from]}")
	if [ $from = ISID ] || ! findable $to; then
		# The core wants an ISID of every port, once its own has one (enforce_pr_isids).
		check "$what: is refused" refused "" "${register[@]}"
		registered "$what: and nobody is registered" ""
		continue
	fi
	check "$what: register" "${register[@]}"
	registered "$what: both are registered" "$(printf '0xa1 0 %s\n' "${id[$from]}" "${id[$to]}" | sort)"
	take_attentions "${disk[@]}"
	check "$what: the other reserves" pr --out --reserve --param-rk=0xa1 --prout-type=5 "${disk[$to]}"
	check "$what: and both may write" dd if=/dev/zero of="${disk[$from]}" bs=4k count=1 oflag=direct status=none
	clear $from 0xa1
done
if [[ $ports == *ISID* ]]; then
	port=iSCSI
	! findable SAS || port=SAS
	enforce=$core/rd_mcp_0/registrations/attrib/enforce_pr_isids
	write 0 $enforce
	check "ISID for $port, without enforce_pr_isids: register" pr --out --register --param-sark=0xa1 --transport-id="$(hex "${id[$port]}")" "${disk[ISID]}"
	registered "ISID for $port, without enforce_pr_isids: both are registered" "$(printf '0xa1 0 %s\n' "${id[$port]}" "${id[ISID]}" | sort)"
	clear ISID 0xa1
	write 1 $enforce
fi
unknown=$(sas_id naa.5001405000000fff)
unknown_isid=$(text_id 45 iqn.2003-01.org.linux-iscsi.lab:unknown,i,0x00023d000001)
for from in $ports; do
	for other in "$unknown" "$unknown_isid"; do
		check "$from for an unknown port: is refused" refused "Illegal request" \
			pr --out --register --param-sark=0xa1 --transport-id="$(hex "$other")" "${disk[$from]}"
	done
done
# SPEC_I_PT is bit 3 of byte 20; the length of the TransportIDs, bytes 24 to 27, is of more than there are.
printf '%b' '\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\x1\0\0\0\0\x8\0\0\0\0\0\0\x30\x6\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0\0' >/tmp/list
check "a list that ends too early is refused" refused "Invalid field in parameter list" \
	sg_raw --send=52 --infile=/tmp/list "${disk[SAS]}" 5f 00 00 00 00 00 00 00 34 00
registered "and nobody is registered" ""

for pair in $pairs; do
	from=${pair%:*} to=${pair#*:}
	what="$from to $to"
	check "$what: register" pr --out --register --param-sark=0xa1 "${disk[$from]}"
	check "$what: reserve" pr --out --reserve --param-rk=0xa1 --prout-type=1 "${disk[$from]}"
	move=(pr --out --register-move --param-rk=0xa1 --relative-target-port="${rtpi[$to]}")
	check "$what: not to an unknown port" refused "" \
		"${move[@]}" --param-sark=0xb2 --transport-id="$(hex "$unknown")" "${disk[$from]}"
	if ! findable $to; then
		check "$what: this core does not find it" refused "" \
			"${move[@]}" --param-sark=0xb2 --transport-id="$(hex "${id[$to]}")" "${disk[$from]}"
		clear $from 0xa1
		continue
	fi
	check "$what: move" "${move[@]}" --param-sark=0xb2 --transport-id="$(hex "${id[$to]}")" "${disk[$from]}"
	registered "$what: the other holds the reservation" "0xa1 0 ${id[$from]}
0xb2 1 ${id[$to]}"
	take_attentions "${disk[@]}"
	check "$what: the other writes" dd if=/dev/zero of="${disk[$to]}" bs=4k count=1 oflag=direct status=none
	check "$what: the first does not" refused "" dd if=/dev/zero of="${disk[$from]}" bs=4k count=1 oflag=direct status=none
	if ! findable $from; then
		clear $to 0xb2
		continue
	fi
	# Back, to a nexus that is registered (5.10 leaves it its key), and the other's registration goes.
	check "$what: and back" pr --out --register-move --param-rk=0xb2 --relative-target-port="${rtpi[$from]}" \
		--param-sark=0xa1 --param-unreg --transport-id="$(hex "${id[$from]}")" "${disk[$to]}"
	registered "$what: the first holds it again, alone" "0xa1 1 ${id[$from]}"
	clear $from 0xa1
done

# The target core writes the registrations to a file; who makes the backstore again, rtslib
# for one, gives them back to it.
dbroot=$(cat $target/dbroot 2>/dev/null || echo /var/target)
key=0
for port in $ports; do
	key=$((key + 1))
	check "APTPL, $port: register" pr --out --register --param-aptpl --param-sark=0xc$key "${disk[$port]}"
done
check "APTPL: FC reserves" pr --out --reserve --param-rk=0xc2 --prout-type=1 "${disk[FC]}"
before=$(full_status "${disk[SAS]}")
check "APTPL: everything is removed" clean_up
make_ramdisk registrations 16
restore() {
	local line registration=
	while IFS= read -r line; do
		case $line in
		PR_REG_START:*) registration= ;;
		PR_REG_END:*) write "$registration" "$core/rd_mcp_0/registrations/pr/res_aptpl_metadata" || return ;;
		*) registration+=${registration:+,}$line ;;
		esac
	done < <(tr -d '\0' <"$dbroot/pr/aptpl_registrations"; echo)
}
check "APTPL: the registrations are read back" restore
make_ports
registered "APTPL: each port is registered, FC holds the reservation" "$before"
take_attentions "${disk[@]}"
check "APTPL: FC writes" dd if=/dev/zero of="${disk[FC]}" bs=4k count=1 oflag=direct status=none
check "APTPL: SAS does not" refused "" dd if=/dev/zero of="${disk[SAS]}" bs=4k count=1 oflag=direct status=none
clear FC 0xc2
registered "APTPL: nobody is registered" ""
rm -f "$dbroot/pr/aptpl_registrations"

for port in $ports; do
	check "$port: its LUN is unlinked" unlink_lun "${target_of[$port]}" 1 0
done
finish
