#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# transport_status: commands fail while it is offline, and go on afterwards,
# with a unit attention, and without a wrong byte.
. "$(dirname "$0")/clients.sh"
begin_test
load_module

make_ramdisk offline 64
make_tpg $naa 1 $naa_initiator
link_lun $naa 1 0 rd_mcp_0/offline
disk=$(disk_of $naa 1 0)
sg=$(sg_of $naa 1 0)
status=$loopback/$naa/tpgt_1/transport_status

sense() { sg_raw "$sg" 00 00 00 00 00 00 2>&1; }
at_rest "$disk" # or another's command gets the unit attention
sense >/dev/null
check "go offline" write offline $status
check "a command fails while offline" bash -c "! timeout 20 sg_raw $sg 00 00 00 00 00 00 >/dev/null 2>&1"
check "go online" write online $status
first=$(sense)
second=$(sense)
check "the first command gets the unit attention: I_T nexus loss occurred" has "I_T nexus loss occurred" "$first"
check "the second does not" refused "" has attention "$second"

# Without multipath above it a disk gives up after a few tries, so fio goes on over errors.
begin fio --name=load --filename="$disk" --direct=1 --ioengine=libaio --rw=randrw --bs=4k --iodepth=16 \
	--time_based=1 --runtime=600 --continue_on_error=all
switches=0
for _ in 1 2 3 4 5; do
	io_goes_on "$disk" && write offline $status && sleep 0.2 && write online $status || break
	switches=$((switches + 1))
done
check_equal "offline and online under I/O" 5 $switches
kill "$load"
check "fio is not stuck" wait_for 60 has_ended
end
check "afterwards every byte written is read back" verify "$disk"
check "the disk is running" grep -qx running "$(device_of $naa 1 0)/state"
finish
