#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Without memory: swap on a disk, and file systems on disks over each backstore,
# used by a program that may have little memory, so that commands are sent by
# tasks that free some.  Nothing may hang, and the data must be right.
. "$(dirname "$0")/lib.sh"
load_module

# There a page that is written back while it is written to may lose what was
# written last; seen on a file system on brd, without any of this.
! grep -q "User Mode Linux" /proc/cpuinfo || skip_all "User Mode Linux loses writes to mapped files"

cgroup=/sys/fs/cgroup
mountpoint -q $cgroup || mount -t cgroup2 cgroup $cgroup 2>/dev/null
write +memory $cgroup/cgroup.subtree_control 2>/dev/null
grep -qw memory $cgroup/cgroup.subtree_control 2>/dev/null || skip_all "this kernel has no memory control group of version 2"
limited=$cgroup/tcm_loop
mkdir -p $limited

# How long a program may take: most of what the whole test may, see run.
patience=$((${TEST_LIMIT:-300} * 4 / 5))

# The file that is dirtied, in MiB: a slow machine sets less.  With less memory
# than is left to it below, Python's own pages would come and go, too.
file=${RECLAIM_MIB:-60}
memory=24

# Runs a program with at most so many MiB of memory.
with_memory() { # with_memory MIB COMMAND...
	local mib=$1
	shift
	write $((mib << 20)) $limited/memory.max
	timeout --kill-after=5 $patience bash -c 'echo $$ >"$0/cgroup.procs" && exec "$@"' $limited "$@"
}

# Fills memory of so many MiB with numbers and looks at all of it again, twice.
fill='
import array, sys
pages = int(sys.argv[1]) * 256
memory = bytearray(pages * 4096)
for page in range(pages):
    memory[page * 4096:page * 4096 + 8] = page.to_bytes(8, "little")
for step in 1, 7:
    for page in range(0, pages, step):
        if int.from_bytes(memory[page * 4096:page * 4096 + 8], "little") != page:
            sys.exit(f"page {page} is wrong")
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

make_tpg $naa 1 $naa_initiator
make_ramdisk swap 128
link_lun $naa 1 0 rd_mcp_0/swap
disk=$(disk_of $naa 1 0)
if swapon --version >/dev/null 2>&1 && [ -e $limited/memory.swap.max ]; then
	mkswap "$disk" >/dev/null
	check "swap on a disk" swapon "$disk"
	check "a program in less than half of its memory swaps there and back" with_memory 16 python3 -c "$fill" 40
	check "it did swap" test "$(awk '/^pswpout/ { print $2 }' /proc/vmstat)" -gt 1000
	check "swap off again" swapoff "$disk"
else
	skip "swap on a disk" "this kernel does not control swap"
fi
check "unlink it" unlink_lun $naa 1 0

mkdir -p /tmp/mnt
file_system() { # file_system WHAT BACKSTORE
	link_lun $naa 1 1 "$2"
	disk=$(disk_of $naa 1 1)
	mkfs.ext4 -q "$disk" && mount "$disk" /tmp/mnt
	check "$1: a mapped file is dirtied in less memory than it has" with_memory $memory python3 -c "$dirty" /tmp/mnt/file $file
	check "$1: unmount" umount /tmp/mnt
	check "$1: the file system is clean" e2fsck -fn "$disk"
	check "$1: unlink" unlink_lun $naa 1 1
}
make_ramdisk memory 96
file_system "over a ramdisk" rd_mcp_0/memory
make_fileio file 96 /var/tmp/tcm_loop.img
file_system "over a file" fileio_0/file
rmdir $core/fileio_0/file
rm /var/tmp/tcm_loop.img

truncate -s 96M /var/tmp/tcm_loop.img
modprobe -q loop
loop=$(losetup --show -f /var/tmp/tcm_loop.img 2>/dev/null)
if [ -n "$loop" ]; then
	make_iblock block "$loop"
	file_system "over a block device" iblock_0/block
	rmdir $core/iblock_0/block
	losetup -d "$loop"
else
	skip "over a block device" "this kernel has no loop device"
fi
rm /var/tmp/tcm_loop.img
rmdir $limited
finish
