#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# rtslib and targetcli: create, list, save, clear and restore a configuration.
. "$(dirname "$0")/clients.sh"
begin_test
command -v targetcli >/dev/null || skip_all "needs targetcli"
load_module
python3=/usr/bin/python3
mkdir -p /etc/target
start_dbus
saved=/tmp/saveconfig.json

disk_there() { disk_of $naa 1 "$1" >/dev/null; }

check "targetcli: make a backstore" targetcli /backstores/ramdisk create name=cli size=32MB
check "targetcli: make a target" targetcli /loopback create $naa
check "targetcli: link a LUN" targetcli /loopback/$naa/luns create /backstores/ramdisk/cli
# targetcli makes tpgt_1 and the nexus by itself
check "the disk appears" disk_there 0
check "and works" verify "$(disk_of $naa 1 0)"
check "targetcli: ls shows the target" grep -q $naa <<<"$(targetcli ls /loopback 2>&1)"
check "targetcli: ls shows the LUN" grep -q ramdisk/cli <<<"$(targetcli ls /loopback 2>&1)"
check "targetcli: save" targetcli saveconfig $saved
check "targetcli: clear" targetcli clearconfig confirm=True
check "nothing is left" bash -c "! ls -d $loopback/naa.* 2>/dev/null"
check "targetcli: restore" targetcli restoreconfig $saved clear_existing=True
check "the disk is back" disk_there 0
check "and works" verify "$(disk_of $naa 1 0)"
initiator=$(cat $loopback/$naa/tpgt_1/nexus)

check "rtslib: read the configuration" $python3 - <<PY
from rtslib_fb import RTSRoot
root = RTSRoot()
[target] = [t for t in root.targets if t.fabric_module.name == "loopback"]
assert target.wwn == "$naa", target.wwn
[tpg] = list(target.tpgs)
assert tpg.tag == 1, tpg.tag
assert tpg.nexus == "$initiator", tpg.nexus
[lun] = list(tpg.luns)
assert lun.storage_object.name == "cli", lun.storage_object.name
PY
check "rtslib: make and delete a target" $python3 - <<PY
from rtslib_fb import FabricModule, Target, TPG, LUN, RDMCPStorageObject
so = RDMCPStorageObject("rtslib", 16 << 20)
target = Target(FabricModule("loopback"), "naa.5001405000000009")
tpg = TPG(target, 1)
lun = LUN(tpg, 0, so)
assert tpg.nexus.startswith("naa."), tpg.nexus
lun.delete()
target.delete()
so.delete()
PY
check "targetcli: delete the target" targetcli /loopback delete $naa
check "targetcli: delete the backstore" targetcli /backstores/ramdisk delete cli
finish
