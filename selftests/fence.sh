#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# fence_scsi as Pacemaker runs it: two nodes, each with a disk of its own over
# one logical unit, one through a SAS and one through an FC port; one node
# fences the other.  Then fence_mpath for a node with two paths, and a node with one.
. "$(dirname "$0")/clients.sh"
begin_test
command -v fence_scsi >/dev/null || skip_all "needs fence_scsi (fence-agents-scsi)"
load_module

make_ramdisk fence 8
make_tpg $naa 1 $naa_initiator
make_tpg $fc 1 $fc_initiator
link_lun $naa 1 0 rd_mcp_0/fence
link_lun $fc 1 0 rd_mcp_0/fence
disks=("" "$(disk_of $naa 1 0)" "$(disk_of $fc 1 0)")

fence() { # fence NODE ARGUMENT...: each node keeps its own key in its own /run
	local node=$1
	shift
	mkdir -p "/tmp/node$node"
	unshare --mount sh -c 'mount --bind "$0" /run && exec "$@"' "/tmp/node$node" \
		fence_scsi --devices="${disks[node]}" "$@"
}
status_of() { # status_of NODE: as that node sees itself
	fence "$1" --action=status --key="$1" 2>&1 | grep -oE "(Status: |ERROR).*"
}
write_of() { dd if=/dev/zero of="${disks[$1]}" bs=4k count=1 oflag=direct status=none; } # write_of NODE

for node in 1 2; do
	check "node $node joins" fence $node --action=on --key=$node
	check_equal "node $node is on" "Status: ON" "$(status_of $node)"
done
for node in 1 2; do
	check "node $node writes" write_of $node
done
check "node 1 fences node 2" fence 1 --action=off --key=2
# Node 2 has more than one unit attention to hear of, and fence_scsi bears one.
is_off() { [ "$(status_of "$1")" = "Status: OFF" ]; }
check "node 2 is off" wait_for 60 is_off 2
check "node 2 cannot write" refused "error writing" write_of 2
check "node 1 can" write_of 1
check "node 2 still reads" dd if="${disks[2]}" of=/dev/null bs=4k count=1 iflag=direct status=none
check "node 2 joins again" wait_for 60 fence 2 --action=on --key=2
check "and writes" write_of 2
check "node 2 fences node 1" fence 2 --action=off --key=1
check "node 1 is off" wait_for 60 is_off 1
check "node 1 cannot write" refused "error writing" write_of 1
check "no node fences itself" refused "You can not fence yourself" fence 2 --action=off --key=2
rm -rf /tmp/node[12]
remove_tpg $naa 1
remove_tpg $fc 1

# The node under test has a map; the other is a disk that is not the map's.
if ! command -v fence_mpath >/dev/null || ! command -v multipathd >/dev/null || ! modprobe -q dm_multipath; then
	skip "fence_mpath" "needs fence_mpath (fence-agents-mpath), multipathd and dm-multipath"
	finish
fi
modprobe -q -a scsi_dh_alua dm_round_robin
trap 'stop_multipath; clean_up' EXIT
make_tpg $fc 1 $fc_initiator
link_lun $fc 1 0 rd_mcp_0/fence
other=$(disk_of $fc 1 0)
configure_multipath "path_selector \"round-robin 0\""
printf 'blacklist {\ndevnode "^%s$"\n}\n' "${other#/dev/}" >>/etc/multipath.conf
for tpgt in 1 2; do
	make_tpg $naa $tpgt $naa_initiator
	link_lun $naa $tpgt 0 rd_mcp_0/fence
done
start_multipath
check "fence_mpath: a map of two paths" wait_for 60 active_paths 2
find_map || exit 1
mpath() { fence_mpath --devices="$map" "$@"; }
mpath_status() { mpath --action=status --key=123abc 2>&1 | grep -oE "(Status: |ERROR).*"; }
is_status() { equal "Status: $1" "$(mpath_status)"; }
pr_other() { sg_persist --no-inquiry --out "$@" "$other"; }
write_map() { dd if=/dev/zero of="$map" bs=4k count=1 oflag=direct status=none; }
write_other() { dd if=/dev/zero of="$other" bs=4k count=1 oflag=direct status=none; }

check "fence_mpath: the node joins" mpath --action=on --key=123abc
check "fence_mpath: it is on" is_status ON
check "fence_mpath: it writes through both paths" verify "$map" --size=1m
check "fence_mpath: the other cannot write" refused "error writing" write_other
check "fence_mpath: the other joins" wait_for 60 pr_other --register --param-sark=0x456def
check "fence_mpath: and writes" write_other
check "fence_mpath: the node fences the other" mpath --action=off --key=456def
check "fence_mpath: the other cannot write" wait_for 60 refused "error writing" write_other
check "fence_mpath: the node can" write_map
check "fence_mpath: the other joins again" wait_for 60 pr_other --register --param-sark=0x456def
check "fence_mpath: and fences the node" wait_for 60 pr_other --preempt-abort --param-rk=0x456def --param-sark=0x123abc --prout-type=5
check "fence_mpath: the node is off" wait_for 60 is_status OFF
check "fence_mpath: it cannot write" refused "error writing" write_map
check "fence_mpath: it joins again" wait_for 60 mpath --action=on --key=123abc
check "fence_mpath: and writes" write_map
finish
