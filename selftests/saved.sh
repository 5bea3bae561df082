#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Saved configurations: what rtslib saves with this module the kernel's own restores, and the other way round.
# rtslib saves every file of attrib/ and param/ that can be written, and complains when it restores one that is not there.
. "$(dirname "$0")/clients.sh"
begin_test
command -v targetctl >/dev/null || skip_all "needs targetctl"
load_module
mkdir -p /etc/target
start_dbus
saved=/tmp/saved.json

# The kernel's own module has these, since 4.1.
only_fabric_prot_type() { equal fabric_prot_type "$(ls "$1")"; }
nothing_in() { equal "" "$(ls "$1" 2>/dev/null)"; }

restore() { # restore FILE: with nothing to say
	local output status=0
	output=$(targetctl restore "$1" 2>&1) || status=$?
	[ "$status" = 0 ] && [[ $output != *skipped* ]] && return # rtslib's word for what it could not restore
	echo "status $status: $output"
	return 1
}
restored_but() { # restored_but WORDS FILE: what is wrong in it is told
	local output
	output=$(targetctl restore "$2" 2>&1)
	has "$1.*skipped" "$output"
}
clear_all() { targetctl clear >/dev/null 2>&1; }
configured() { # a target with two disks; what only this module has is used
	make_backstore rd_mcp_0/a1 rd_pages=2048 # each has an HBA of its own, as rtslib has it
	make_backstore rd_mcp_1/b2 rd_pages=2048
	make_tpg $naa 1
	write 1 $loopback/$naa/tpgt_1/attrib/fabric_prot_type
	[ ! -e $loopback/$naa/tpgt_1/write_protect ] || write 3 $loopback/$naa/tpgt_1/write_protect
	[ ! -e $loopback/$naa/tpgt_1/complete_device_id ] || write 0 $loopback/$naa/tpgt_1/complete_device_id
	write $naa_initiator $loopback/$naa/tpgt_1/nexus
	link_lun $naa 1 0 rd_mcp_0/a1
	link_lun $naa 1 3 rd_mcp_1/b2
}
is_there() { # what configured() makes
	# The nexus is of a name that rtslib makes.
	equal 1 "$(cat $loopback/$naa/tpgt_1/attrib/fabric_prot_type)" && has naa. "$(cat $loopback/$naa/tpgt_1/nexus)" &&
		wait_for 60 present $naa 1 0 && wait_for 60 present $naa 1 3 &&
		has a1 "$(tr -d '\0' <"$(device_of $naa 1 0)/vpd_pg80")"
}
whose() { [ -e /sys/module/tcm_loop/version ] && echo "this module" || echo "the kernel's own"; }

configured
check "attrib/ has what the kernel's own module has, and nothing else" only_fabric_prot_type $loopback/$naa/tpgt_1/attrib
check "param/ has nothing" nothing_in $loopback/$naa/tpgt_1/param
check "a configuration is saved" targetctl save $saved
check "and cleared" clear_all
check "and restored without a complaint" restore $saved
check "it is there" is_there

# Each of these is wrong; the good one comes last.
cat >/tmp/bad.json <<END
{"fabric_modules": [],
 "storage_objects": [{"name": "bad", "plugin": "block", "dev": "/dev/no-such-device"},
   {"name": "good", "plugin": "ramdisk", "size": 8388608, "wwn": "a1b2c3d4"}],
 "targets": [
   {"fabric": "loopback", "wwn": "naa.123456789abcdef", "tpgs": [{"tag": 1}]},
   {"fabric": "loopback", "wwn": "naa.5001405000000003", "tpgs": [{"tag": 1, "nexus": "naa.5001405000000004",
     "luns": [{"index": 0, "storage_object": "/backstores/block/bad"}]}]},
   {"fabric": "loopback", "wwn": "naa.5001405000000005", "tpgs": [{"tag": 1, "nexus": "fc.2100", "attributes": {"fabric_prot_type": 2}}]},
   {"fabric": "loopback", "wwn": "naa.5001405000000007", "tpgs": [{"tag": 1, "nexus": "naa.5001405000000008", "attributes": {"no_such": 1}}]},
   {"fabric": "loopback", "wwn": "$naa", "tpgs": [{"tag": 1, "nexus": "$naa_initiator",
     "luns": [{"index": 0, "storage_object": "/backstores/ramdisk/good"}]}]}]}
END
check "of a configuration with bad targets these are told" restored_but "naa.123456789abcdef|WWN not valid" /tmp/bad.json
check "a target with a good name is there" test -d $loopback/naa.5001405000000003/tpgt_1
check "so is one whose attribute is not, with its nexus" cat $loopback/naa.5001405000000007/tpgt_1/nexus
check "and the disk of the good one" wait_for 60 present $naa 1 0
check "it works" verify "$(disk_of $naa 1 0)"
clear_all

# The other module in the place of this one; then back again.
kernels=$(find "/lib/modules/$(uname -r)/kernel" -name 'tcm_loop.ko*' 2>/dev/null)
ours=/lab/tcm_loop.ko
[ -e $ours ] || ours=$(modinfo -F filename tcm_loop 2>/dev/null)
if [ "$(whose)" = "this module" ] && [ -n "$kernels" ] && [ "$kernels" != "$ours" ]; then
	for other in "$kernels" "$ours"; do
		from=$(whose)
		configured
		check "$from: a configuration is saved" targetctl save $saved
		check "$from: it is cleared" clear_all
		check "$from: it is unloaded" unload_module
		check "the other is loaded" insmod "$other"
		check "$from saved it, $(whose) restores it without a complaint" restore $saved
		check "it is there" is_there
		check_equal "and not from the same module" "$other" "$([ "$(whose)" = "this module" ] && echo "$ours" || echo "$kernels")"
		clear_all
	done
else
	skip "with the other module" "there is no other"
fi
finish
