#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A LUN unlinked in the middle of I/O: fio sees errors, nothing hangs, nothing
# is left behind, and the same LUN works when linked again.
. "$(dirname "$0")/clients.sh"
begin_test
load_module

make_ramdisk unlink 32
make_fileio unlink 32 /tmp/unlink.img
make_tpg $naa 1 $naa_initiator
for round in rd_mcp fileio again; do
	backstore=rd_mcp
	[ $round != fileio ] || backstore=fileio
	check "$round: link" link_lun $naa 1 0 ${backstore}_0/unlink
	disk=$(disk_of $naa 1 0)
	write 600 "$(device_of $naa 1 0)/timeout"
	check "$round: the disk works" verify "$disk" --size=2m
	begin fio --name=load --filename="$disk" --direct=1 --ioengine=libaio --rw=randrw --bs=4k --iodepth=32 \
		--time_based=1 --runtime=300
	check "$round: I/O is under way" io_goes_on "$disk"
	check "$round: unlink under I/O, without a command's time-out" within 60 unlink_lun $naa 1 0
	check "$round: fio ends, without one" wait_for 60 has_ended
	has_ended || kill "$load"
	end
	check "$round: with an error" test $ended != 0
	check "$round: no process waits" no_process_waits
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
