#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A LUN unlinked in the middle of I/O: fio sees errors, nothing hangs, nothing
# is left behind, and the same LUN works when linked again.
. "$(dirname "$0")/lib.sh"
load_module

make_ramdisk unlink 32
make_tpg $naa 1 $naa_initiator
for round in 1 2 3; do
	check "round $round: link" link_lun $naa 1 0 rd_mcp_0/unlink
	disk=$(disk_of $naa 1 0)
	check "round $round: the disk works" verify "$disk" --size=2m
	begin fio --name=load --filename="$disk" --direct=1 --ioengine=libaio --rw=randrw --bs=4k --iodepth=32 \
		--time_based=1 --runtime=30 
	sleep 0.7
	start=$SECONDS
	check "round $round: unlink under I/O" unlink_lun $naa 1 0
	check "round $round: fio ends" wait_for 20 has_ended
	end
	check "round $round: with an error" test $ended != 0
	check "round $round: within 10 s" test $((SECONDS - start)) -lt 10
	check "round $round: no process waits" refused "" grep -qsE '^State:.*D ' /proc/[0-9]*/status
done

unlink_mounted() {
	local disk status=1
	mkdir -p /tmp/mounted
	link_lun $naa 1 0 rd_mcp_0/unlink && disk=$(disk_of $naa 1 0) && mkfs.ext4 -q "$disk" &&
		mount "$disk" /tmp/mounted && touch /tmp/mounted/file && unlink_lun $naa 1 0 && status=0
	umount /tmp/mounted
	return $status
}
check "a LUN is unlinked while mounted" unlink_mounted
check "drop the nexus" write NULL $loopback/$naa/tpgt_1/nexus
check "remove the TPG" rmdir $loopback/$naa/tpgt_1
check "remove the target" rmdir $loopback/$naa
check "unload the module" unload_module
load_module
finish
