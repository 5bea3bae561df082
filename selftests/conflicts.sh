#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# SPC-4's table of reservation conflicts: the holder, a registrant and another initiator port, each
# role through each protocol once.
. "$(dirname "$0")/targets.sh"
begin_test
load_module

make_ramdisk conflicts 16
make_tpg $naa 1 $naa_initiator
make_tpg $fc 1 $fc_initiator
make_tpg $iqn 1 $iqn_initiator
for wwn in $naa $fc $iqn; do
	link_lun $wwn 1 0 rd_mcp_0/conflicts
done
sas=$(sg_of $naa 1 0) fc_disk=$(sg_of $fc 1 0) iscsi=$(sg_of $iqn 1 0)
for wwn in $naa $fc $iqn; do
	at_rest "$(disk_of $wwn 1 0)"
done
conflicts() { "$(dirname "$0")/conflicts.py" "$@" >/tmp/conflicts && ! grep '^not ok' -A 30 /tmp/conflicts; }
check "SAS holds, FC is registered, iSCSI is not" conflicts "$sas" "$fc_disk" "$iscsi"
check "FC holds, iSCSI is registered, SAS is not" conflicts "$fc_disk" "$iscsi" "$sas"
check "iSCSI holds, SAS is registered, FC is not" conflicts "$iscsi" "$sas" "$fc_disk"
finish
