#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Random commands in random pieces of memory, over each backstore; see segments.py.
# SEGMENTS_SECONDS is how long, or with an "x" how many cases of each command for each backstore; SEGMENTS_SEED repeats a run whose seed was printed.
. "$(dirname "$0")/clients.sh"
begin_test
load_module
python3 -c "import random; random.randbytes" 2>/dev/null || skip_all "needs python3 from 3.9 on"
modprobe -q brd rd_nr=1 rd_size=32768
modprobe -q loop
seed=${SEGMENTS_SEED:-$RANDOM$RANDOM}
say "SEGMENTS_SEED=$seed"

make_tpg $naa 1 $naa_initiator
disks=() lun=0 loop=''
trap 'clean_up; stop_tcmu_runner; [ -z "$loop" ] || losetup --detach $loop; rmmod scsi_debug 2>/dev/null; rm -rf /tmp/tcmu' EXIT
add() { # add NAME BACKSTORE BLOCK_SIZE
	link_lun $naa 1 $lun "$2"
	disks+=("$1" "$(disk_of $naa 1 $lun)" "$3")
	at_rest "${disks[-2]}"
	lun=$((lun + 1))
}
make_ramdisk memory 8
add rd_mcp rd_mcp_0/memory 512
make_fileio file-512 8 /tmp/segments.img
add "fileio, 512" fileio_0/file-512 512
make_fileio file-4096 8 /tmp/segments-4096.img
write 4096 $core/fileio_0/file-4096/attrib/block_size
add "fileio, 4096" fileio_0/file-4096 4096
if [ -b /dev/ram0 ]; then
	make_iblock block /dev/ram0
	add "iblock, 512" iblock_0/block 512
fi
truncate -s 8M /tmp/segments-loop.img
if loop=$(losetup --show --find --sector-size 4096 /tmp/segments-loop.img 2>/dev/null); then
	make_iblock block-4096 "$loop"
	add "iblock, 4096" iblock_0/block-4096 4096
fi
# lockdep, which looks no further after a report, reports scsi_debug.  Kernel defect: scsi-debug-locks
if [ ! -e /proc/lockdep ] && modprobe -qn scsi_debug && load_debug disk dev_size_mb=8 delay=0 lbpws=1; then
	make_pscsi handed-on "$(debug_device)" "$(debug_disk)"
	add "pscsi, 512" pscsi_0/handed-on 512
fi
if command -v tcmu-runner >/dev/null && modprobe -q target_core_user; then
	start_tcmu_runner
	make_user program 8
	add "TCMU, 512" user_0/program 512
fi
for ((number = 0; number < ${#disks[@]}; number += 3)); do
	alignment=/sys/block/${disks[number + 1]#/dev/}/queue/dma_alignment
	case ${disks[number]} in
	iblock*) [ ! -e "$alignment" ] || check_equal "${disks[number]}: segments begin and end at blocks" $((disks[number + 2] - 1)) "$(cat "$alignment")" ;;
	esac
done
fuzz() {
	./segments.py "$seed" "${SEGMENTS_SECONDS:-20}" "${disks[@]}" >/tmp/segments 2>&1
	local status=$?
	grep -v '^ok ' /tmp/segments | head -n "${SEGMENTS_LINES:-60}"
	return $status
}
check "all is as with one plain buffer" fuzz
say "$(grep "cases in" /tmp/segments)"
if [ -d /sys/module/scsi_debug ]; then
	clean_up
	check "scsi_debug goes" unload_debug
fi
finish
