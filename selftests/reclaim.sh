#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Without memory: swap on a disk, and a file system on a disk over each backstore,
# used by programs that may have little memory, so that commands are sent by
# tasks that free some.  Nothing may hang, and the data must be right.
#
#	RECLAIM_SECONDS	goes round the backstores until so much time has passed
#	RECLAIM_OVER	the backstores (rd_mcp,fileio,iblock,user,pscsi)
#	RECLAIM_MIB	the file that is dirtied (60); a slow machine sets less
. "$(dirname "$0")/clients.sh"
begin_test
: "${RECLAIM_OVER:=rd_mcp,fileio,iblock,user,pscsi}"
load_module

# There a page that is written back while it is written to may lose what was
# written last; seen on a file system on brd, without any of this.
! grep -q "User Mode Linux" /proc/cpuinfo || skip_all "User Mode Linux loses writes to mapped files"

cgroup=/sys/fs/cgroup
mountpoint -q $cgroup || mount -t cgroup2 cgroup $cgroup 2>/dev/null
echo +memory 2>/dev/null >$cgroup/cgroup.subtree_control
grep -qw memory $cgroup/cgroup.subtree_control 2>/dev/null || skip_all "this kernel has no memory control group of version 2"
swaps=$cgroup/tcm_loop_swaps files=$cgroup/tcm_loop_files
mkdir -p $swaps $files

# How long a program may take: most of what the whole test may, see run.
patience=$((${TEST_LIMIT:-300} * 4 / 5))

# With less memory than is left to it below, Python's own pages would come and go, too.
file=${RECLAIM_MIB:-60}
memory=24

# Runs a program with at most so many MiB of memory.
with_memory() { # with_memory CGROUP MIB COMMAND...
	local group=$1 mib=$2
	shift 2
	write $((mib << 20)) "$group/memory.max"
	timeout --kill-after=5 $patience bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' "$group" "$@"
}

# Fills memory of so many MiB with numbers and looks at all of it again, twice; or
# until a file is gone.
fill='
import os, sys
pages = int(sys.argv[1]) * 256
memory = bytearray(pages * 4096)
for page in range(pages):
    memory[page * 4096:page * 4096 + 8] = page.to_bytes(8, "little")
again = True
while again:
    for step in 1, 7:
        for page in range(0, pages, step):
            if int.from_bytes(memory[page * 4096:page * 4096 + 8], "little") != page:
                sys.exit(f"page {page} is wrong")
    again = len(sys.argv) > 2 and os.path.exists(sys.argv[2])
'
# Dirties a mapped file of so many MiB, again and again, syncs it, reads it back.
dirty='
import mmap, os, sys
size = int(sys.argv[2]) << 20
fd = os.open(sys.argv[1], os.O_RDWR | os.O_CREAT)
os.ftruncate(fd, size)
memory = mmap.mmap(fd, size)
for step in range(2):
    for at in range(0, size, 4096):
        memory[at:at + 8] = (at + step).to_bytes(8, "little")
    os.fsync(fd)
memory.close()
os.posix_fadvise(fd, 0, 0, os.POSIX_FADV_DONTNEED)
for at in range(0, size, 4096):
    if int.from_bytes(os.pread(fd, 8, at), "little") != at + 1:
        sys.exit(f"offset {at} is wrong")
'
dirty_file() { with_memory $files $memory python3 -c "$dirty" /tmp/mnt/file "$file"; }
fill_memory() { with_memory $swaps 16 python3 -c "$fill" 40 "$@"; }

both() { # another program swaps until the file is done
	local swapping status=0
	: >/tmp/swapping
	fill_memory /tmp/swapping &
	swapping=$!
	dirty_file || status=$?
	rm /tmp/swapping
	wait $swapping || { echo "the program that swaps: status $?"; status=1; }
	return $status
}

# What each backstore is over, 96 MiB, and how that is let go.
image=/var/tmp/tcm_loop.img
begin_rd_mcp() { make_ramdisk disk 96; }
end_rd_mcp() { rmdir $core/rd_mcp_0/disk; }
begin_fileio() { make_fileio disk 96 $image; }
end_fileio() { rmdir $core/fileio_0/disk && rm $image; }
begin_iblock() { truncate -s 96M $image && make_iblock disk "$(losetup --show -f $image)"; }
end_iblock() { rmdir $core/iblock_0/disk && losetup -j $image | cut -d : -f 1 | xargs -r losetup -d && rm $image; }
begin_user() { make_user disk 96; }
end_user() { rmdir $core/user_0/disk && rm /tmp/tcmu/disk; }
begin_pscsi() {
	load_debug disk dev_size_mb=96 && make_pscsi disk "$(debug_device)" "$(debug_disk)"
}
end_pscsi() { rmdir $core/pscsi_0/disk && unload_debug; }

lacking() { # lacking BACKSTORE: what it needs and this machine does not have, or nothing
	case $1 in
	iblock) modprobe -q loop && [ -e /dev/loop-control ] || echo "a loop device" ;;
	user)
		command -v tcmu-runner >/dev/null || echo "tcmu-runner"
		modprobe -q target_core_user || echo "target_core_user"
		;;
	pscsi)
		modprobe -q target_core_pscsi || echo "target_core_pscsi"
		modprobe -qn scsi_debug || echo "scsi_debug"
		;;
	esac
}

mount_new() { mkfs.ext4 -q "$1" && mount "$1" /tmp/mnt; }
file_system() { # file_system BACKSTORE
	local over=$1 disk
	check "$over: a backstore" "begin_$over" && check "$over: a disk" link_lun $naa 1 1 "${over}_0/disk" || return
	disk=$(disk_of $naa 1 1)
	check "$over: a file system" mount_new "$disk" || return
	check "$over: a mapped file is dirtied in less memory than it has" dirty_file
	[ -z "$swap" ] || check "$over: and while another program swaps" both
	check "$over: unmount" umount /tmp/mnt
	check "$over: the file system is clean" e2fsck -fn "$disk"
	check "$over: unlink" unlink_lun $naa 1 1
	check "$over: and let go" "end_$over"
}

swapped_out() { awk '{ print int($7 / 8) }' "/sys/block/${swap#/dev/}/stat"; } # pages that were written to the disk
stop_all() {
	umount /tmp/mnt 2>/dev/null
	[ -z "$swap" ] || swapoff "$swap" 2>/dev/null
	clean_up
	stop_tcmu_runner
	rmmod scsi_debug 2>/dev/null
	rm -rf $image /tmp/tcmu
}

make_tpg $naa 1 $naa_initiator
make_ramdisk swap 128
link_lun $naa 1 0 rd_mcp_0/swap
swap=$(disk_of $naa 1 0)
trap stop_all EXIT
if swapon --version >/dev/null 2>&1 && [ -e $swaps/memory.swap.max ]; then
	mkswap "$swap" >/dev/null
	before=$(swapped_out)
	check "swap on a disk" swapon "$swap"
	check "a program in less than half of its memory swaps there and back" fill_memory
	check "it did swap" test $(($(swapped_out) - before)) -gt 1000
else
	swap=
	skip "swap on a disk" "this kernel does not control swap"
fi

mkdir -p /tmp/mnt
over=()
for backstore in ${RECLAIM_OVER//,/ }; do
	missing=$(lacking "$backstore" | paste -sd " ")
	if [ -n "$missing" ]; then
		skip "$backstore" "needs $missing"
		continue
	fi
	over+=("$backstore")
	[ "$backstore" != user ] || start_tcmu_runner
done
rounds=0
while [ ${#over[@]} -gt 0 ]; do
	for backstore in "${over[@]}"; do
		file_system "$backstore" || break 2
	done
	rounds=$((rounds + 1))
	[ $SECONDS -lt "${RECLAIM_SECONDS:-0}" ] || break
done
say "$rounds rounds, $SECONDS s${swap:+, $(($(swapped_out) - before)) pages swapped out}"
[ -z "$swap" ] || check "swap off again" swapoff "$swap"
check "unlink it" unlink_lun $naa 1 0
stop_tcmu_runner
rmdir $swaps $files
finish
