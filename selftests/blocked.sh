#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A backstore that makes who submits to it sleep: iblock over a disk whose queue is frozen, or
# whose tags others have.  The other LUNs of the adapter do not wait for that.
# The disk below is another target's, over a device-mapper device that is suspended.
. "$(dirname "$0")/clients.sh"
begin_test
load_module
needs_mapped fio
below=naa.5001405000000011
go_on() {
	resume_mapped held
	[ -z "$tcmu_runner" ] || kill -CONT "$tcmu_runner"
}
leave() { # the upper target goes first: its backstore has the disk of the other one open
	go_on
	pkill -CONT -f systemd-udevd
	for tpg in 1 2; do
		[ ! -d $loopback/$naa/tpgt_$tpg ] || remove_tpg $naa $tpg
	done
	rmdir $core/iblock_0/above
	stop_tcmu_runner
	clean_up
	dmsetup remove --retry held
	rm -rf /tmp/tcmu /var/tmp/blocked.img
} 2>/dev/null
trap leave EXIT

make_mapped held
depth=/sys/module/tcm_loop/parameters/can_queue
[ ! -e $depth ] || write 1 $depth # the kernel's own module has none
make_tpg $below 1 $naa_initiator
[ ! -e $depth ] || write 256 $depth
link_lun $below 1 0 iblock_0/held
lower=$(disk_of $below 1 0)
at_rest "$lower"
make_iblock above "$lower"
for ramdisk in beside more third; do
	make_ramdisk $ramdisk 16
done
make_tpg $naa 1 $naa_initiator
link_lun $naa 1 0 iblock_0/above
link_lun $naa 1 1 rd_mcp_0/beside
make_tpg $naa 2 $naa_initiator
link_lun $naa 2 1 rd_mcp_0/third
disk=$(disk_of $naa 1 0)
beside=$(disk_of $naa 1 1)
silent=
if command -v tcmu-runner >/dev/null && modprobe -q target_core_user; then
	start_tcmu_runner
	make_user silent 16 && write 0 $core/user_0/silent/attrib/cmd_time_out
	link_lun $naa 1 2 user_0/silent
	silent=$(sg_of $naa 1 2)
	at_rest "$(disk_of $naa 1 2)"
	kill -STOP "$tcmu_runner"
fi
for path in "$disk" "$beside"; do
	at_rest "$path"
done
pkill -STOP -f systemd-udevd

# What sends to the disk.
one() { dd if=/dev/zero of="$disk" bs=4k count=1 oflag=direct status=none; }
batch() { # through a plug
	fio --name=batch --filename="$disk" --direct=1 --ioengine=libaio --rw=write:4k --bs=4k --size=64k --io_size=32k \
		--iodepth=8 --iodepth_batch_submit=8 --output-format=terse
}
page_cache() { dd if=/dev/zero of="$disk" bs=64k count=16 conv=fsync status=none; }
is_held() { [ "$(awk '{ print $1 + $2 }' "/sys/block/${disk##*/}/inflight")" -ge 1 ]; }

# What is done beside it.
scheduler() { write "$2" "/sys/block/${1##*/}/queue/scheduler"; } # scheduler DISK NAME
another_lun() { # is linked, read and unlinked
	local new
	link_lun $naa 2 0 rd_mcp_0/more && new=$(disk_of $naa 2 0) &&
		dd if="$new" of=/dev/null bs=4k count=1 iflag=direct status=none && unlink_lun $naa 2 0
}
comes_back() { # RELEASE is answered, so that the LUN is asked what comes then
	sg_raw "$silent" 17 00 00 00 00 00 && ! sg_raw --timeout=2 "$silent" 00 00 00 00 00 00
}
started=()
prompt() { # prompt DESCRIPTION COMMAND...: it succeeds within 20 s; else it is waited for at the row's end
	local what=$1 status
	shift
	"$@" >/tmp/prompt.log 2>&1 &
	started+=($!)
	check "$what" wait_for 20 gone $! || return
	wait $!
	status=$?
	[ $status = 0 ] || check_equal "$what: status" 0 $status
}

take_tag() { # the only tag of the disk below
	hold_mapped held
	dd if=/dev/zero of="$lower" bs=4k seek=100 count=1 oflag=direct status=none &
	started=($!)
	sleep 0.5
}
freeze() { # the queue below, until its I/O has ended
	scheduler "$lower" mq-deadline &
	started+=($!)
	sleep 0.5
}
all_gone() {
	local task
	for task in "${started[@]}"; do
		wait_for 60 gone "$task"
	done
}

for row in "frozen one" "frozen batch" "frozen page_cache" "without_tags batch"; do
	state=${row% *} client=${row#* }
	what="below it is $state, $client"
	take_tag
	[ "$state" != frozen ] || freeze
	begin "$client"
	check "$what: it is on its way" wait_for 60 is_held
	prompt "$what: the neighbour is read" dd if="$beside" of=/dev/null bs=4k count=1 iflag=direct status=none
	prompt "$what: the neighbour's scheduler is changed" scheduler "$beside" mq-deadline
	[ -z "$silent" ] || prompt "$what: a silent LUN's command comes back at its time-out" comes_back
	prompt "$what: a LUN comes and goes" another_lun
	check "$what: it waits" kill -0 "$load"
	resume_mapped held
	check "$what: it ends when that is over" wait_for 20 has_ended
	end
	check "$what: without an error" ended_well
	all_gone
	[ ! -d $loopback/$naa/tpgt_2/lun/lun_0 ] || unlink_lun $naa 2 0
	scheduler "$lower" none
	scheduler "$beside" none
done

# A task that finds no tag has other tasks' requests sent before it sleeps.
crowd() { # crowd SIZE TOTAL: of a read, and of what each reads
	fio --name=crowd --filename="$disk" --direct=1 --ioengine=psync --rw=randread --bs="$1" --size=8m --io_size="$2" \
		--numjobs=16 --output-format=terse
}
queue=/sys/block/${disk##*/}
write 124 "/sys/block/${lower##*/}/queue/max_sectors_kb"
for scheduler in mq-deadline none; do
	scheduler "$disk" $scheduler
	write 4 "$queue/queue/nr_requests"
	write 1 "$queue/device/queue_depth"
	for sizes in "4k 512k" "1m 4m"; do # 1 MiB is nine commands of the disk below
		begin crowd ${sizes% *} ${sizes#* }
		check "$scheduler, hardly a tag: who reads ${sizes% *} is answered" wait_for 120 has_ended
		end
		check "$scheduler, hardly a tag: without an error" ended_well
	done
done

go_on
pkill -CONT -f systemd-udevd
# As many of other adapters sleep as a work queue runs at once, on the CPU from which a neighbour is read.
others=(naa.50014050000000{20,21})
crowds() { # each disk has all that its adapter takes
	local target
	for target in "${others[@]}"; do
		taskset -c 0 fio --name=crowds --filename="$(disk_of "$target" 1 0)" --direct=1 --ioengine=libaio --rw=randread --bs=4k --size=16m --io_size=4m \
			--iodepth=256 --output-format=terse &
	done
	wait
}
on_its_cpu() {
	taskset -cp 0 $BASHPID >/dev/null && "$@"
}
are_held() { # are_held NUMBER: in all
	local target sum=0 path
	for target in "${others[@]}"; do
		path=$(disk_of "$target" 1 0)
		sum=$((sum + $(awk '{ print $1 + $2 }' "/sys/block/${path##*/}/inflight")))
	done
	[ $sum -ge "$1" ] || { echo $sum; return 1; }
}
file=/var/tmp/blocked.img # on a file system with a device
make_fileio neighbour 16 $file
link_lun $naa 2 3 fileio_0/neighbour
neighbour=$(disk_of $naa 2 3)
at_rest "$neighbour"
for target in "${others[@]}"; do
	make_tpg "$target" 1 $naa_initiator
	link_lun "$target" 1 0 iblock_0/above
	path=$(disk_of "$target" 1 0)
	at_rest "$path"
	scheduler "$path" mq-deadline # so that no command is submitted by who sends it
done
link_lun "${others[0]}" 1 1 fileio_0/neighbour
same=$(disk_of "${others[0]}" 1 1)
at_rest "$same"
# The new LUN's unit attention is taken here: a command that is sent again for it would keep all that follow from
# being sent until those before it have ended.
dd if="$(disk_of "${others[0]}" 1 0)" of=/dev/null bs=4k count=1 iflag=direct status=none
what="340 commands of other adapters sleep"
pkill -STOP -f systemd-udevd
take_tag
freeze
begin crowds
check "$what: they are on their way" wait_for 60 are_held 340
prompt "$what: a file is read" on_its_cpu dd if="$neighbour" of=/dev/null bs=4k count=1 iflag=direct status=none
prompt "$what: so is one of these adapters" on_its_cpu dd if="$same" of=/dev/null bs=4k count=1 iflag=direct status=none
prompt "$what: a LUN comes and goes" on_its_cpu another_lun
resume_mapped held
check "$what: they end when that is over" wait_for 60 has_ended
end
check "$what: without an error" ended_well
all_gone
pkill -CONT -f systemd-udevd
for target in "${others[@]}"; do
	check "$target goes" eval "remove_tpg $target 1 && rmdir $loopback/$target"
done
check "unlink the file" unlink_lun $naa 2 3
rmdir $core/fileio_0/neighbour
rm $file

# With submit_type 1 who sends is who submits to the device below, and must not wait for himself: for tags
# that his own requests have, which he has not sent yet, or for what he is about to read.
submit_type() { [ ! -e "$core/$1/attrib/submit_type" ] || write 1 "$core/$1/attrib/submit_type"; }
[ ! -e /sys/module/null_blk ] || rmmod null_blk
if modprobe -q null_blk nr_devices=1 gb=1 submit_queues=1 hw_queue_depth=32 irqmode=2 completion_nsec=100000; then
	make_iblock few /dev/nullb0
	submit_type iblock_0/few
	link_lun $naa 1 3 iblock_0/few
	few=$(disk_of $naa 1 3)
	at_rest "$few"
	batches() { # each is sent in two parts, the first within the submission of the second
		fio --name=batches --filename="$few" --direct=1 --ioengine=libaio --rw=randwrite --bs=4k --size=8m --io_size=8m \
			--iodepth=80 --iodepth_batch_submit=40 --iodepth_batch_complete_min=40 --output-format=terse
	}
	begin batches
	check "submit_type 1: batches of more than the device below has tags end" wait_for 60 has_ended
	end
	check "submit_type 1: without an error" ended_well
	check "unlink LUN 3" unlink_lun $naa 1 3
	rmdir $core/iblock_0/few
	wait_for 30 rmmod null_blk
else
	skip "submit_type 1: batches of more than the device below has tags end" "needs null_blk"
fi
file=/var/tmp/blocked.img # on a file system with a device
dd if=/dev/zero of=$file bs=1M count=16 conv=fsync status=none
make_fileio direct 16 $file
submit_type fileio_0/direct
link_lun $naa 1 3 fileio_0/direct
uncached=$(disk_of $naa 1 3)
at_rest "$uncached"
echo 3 >/proc/sys/vm/drop_caches
begin dd if="$uncached" of=/dev/null bs=4k skip=1000 count=1 iflag=direct status=none
check "submit_type 1: a file that is not in memory is read" wait_for 60 has_ended
end
check "submit_type 1: without an error" ended_well
check "unlink LUN 3" unlink_lun $naa 1 3
rmdir $core/fileio_0/direct
rm $file

for lun in 0 1 ${silent:+2}; do
	check "unlink LUN $lun" unlink_lun $naa 1 "$lun"
done
check "unlink LUN 1 of the other TPG" unlink_lun $naa 2 1
check "free the backstore, which has the disk below open" rmdir $core/iblock_0/above
stop_tcmu_runner
finish
