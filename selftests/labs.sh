#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The scenarios that are installed for "tcm-loop lab": each ends as it expects, with a picture of what happened, and leaves
# nothing; without its steps each says that it did not.  LABS: names of some.
. "$(dirname "$0")/clients.sh"
begin_test
tcm_loop=$(realpath "$(dirname "$0")/../utils/tcm-loop")
[ -x "$tcm_loop" ] || tcm_loop=$(command -v tcm-loop) || skip_all "there is no tcm-loop (package tcm-loop-utils)"
labs=${tcm_loop%/*}/labs
[ -d "$labs" ] || labs=/usr/share/tcm-loop/labs
{ command -v multipathd && command -v fio; } >/dev/null || skip_all "needs multipathd and fio"
work=$(mktemp -d)
tcm_loop="$tcm_loop --state $work/state"
load_module
modprobe -q dm_multipath || skip_all "this kernel has no dm-multipath"
modprobe -q -a scsi_dh_alua dm_round_robin
[ -s /etc/machine-id ] || echo 0123456789abcdef0123456789abcdef >/etc/machine-id
trap 'stop_multipath; $tcm_loop remove --all --force >/dev/null 2>&1; rm -rf "$work"; clean_up' EXIT

nothing_left() { [ -z "$(ls -d $loopback/*.* $core/*_*/*/ /sys/kernel/tracing/instances/tcm-loop-* 2>/dev/null)" ] && [ -z "$(maps)" ]; }
is_picture() { python3 -c 'import sys, xml.dom.minidom as m; print(m.parse(sys.argv[1]).documentElement.tagName)' "$1" | grep -x svg; }
without_steps() { sed '/^steps =/,/^expect =/{/^\t/d}' "$1"; } # without_steps FILE
ends_unexpected() { # ends_unexpected FILE: with the status of an expectation that was not met
	local status=0
	$tcm_loop lab "$1" >"$work/out" 2>&1 || status=$?
	grep -q "^NOT AS EXPECTED" "$work/out" && [ $status = 6 ] || { cat "$work/out"; echo "exit status $status"; return 1; }
}

configure_multipath "path_selector \"round-robin 0\""
start_multipath
check_equal "three are installed" "bad-sector.lab failover.lab slow-path.lab" "$(cd "$labs" && echo *)"
for name in ${LABS:-bad-sector failover slow-path}; do
	check "$name: all is as expected" $tcm_loop lab "$name" --svg "$work/$name.svg"
	check "$name: there is a picture of it" is_picture "$work/$name.svg"
	check "$name: nothing is left" nothing_left
	without_steps "$labs/$name.lab" | sed 's/runtime=[0-9]*/runtime=4/; s/within 30/within 3/' >"$work/$name.lab"
	check "$name without its steps is not as expected" ends_unexpected "$work/$name.lab"
	check "$name: nothing is left of that, either" nothing_left
done
finish
