#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# What happens while a LUN comes and goes: no nexus keeps an entry for a LUN that
# is gone, of whose memory it would make use, and no scan finds it again.
. "$(dirname "$0")/targets.sh"
begin_test
load_module

make_ramdisk race 8
make_tpg $naa 1
check "a nexus made while a LUN is unlinked does not stand in the way of its successor" \
	python3 "$(dirname "$0")/race.py" nexus $loopback/$naa/tpgt_1 $naa_initiator $core/rd_mcp_0/race
check "a scan while LUN 0 is unlinked leaves no disk" \
	python3 "$(dirname "$0")/race.py" scan $loopback/$naa/tpgt_1 $naa_initiator $core/rd_mcp_0/race
finish
