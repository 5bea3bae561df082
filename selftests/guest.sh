#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# A guest (QEMU, with this system's own kernel) that gets a loopback disk as its
# SCSI disk: through virtio-scsi's scsi-block, with the identity that the host
# sees and a reservation of its own; and through vhost-scsi, another fabric
# beside ours on the same backstore, whose LOGICAL UNIT RESET meets a command that is held.
. "$(dirname "$0")/clients.sh"
begin_test
command -v qemu-system-x86_64 >/dev/null || skip_all "needs qemu-system-x86_64"
kernel=$(ls /boot/vmlinuz-* 2>/dev/null | tail -n 1)
version=${kernel#/boot/vmlinuz-}
[ -d "/lib/modules/$version" ] || skip_all "needs a kernel in /boot, with modules, for the guest"
load_module
needs_mapped
folder=$(mktemp -d)
limit=200 # seconds that a guest may take
! grep -q 'QEMU TCG' /proc/cpuinfo || limit=1000 # an emulation within an emulation
quick="no_timer_check tsc=reliable mitigations=off"
vhost=$target/vhost/naa.5001405000000009
remove_vhost() {
	rm -f $vhost/tpgt_1/lun/lun_*/*
	[ ! -e $vhost/tpgt_1/nexus ] || write NULL $vhost/tpgt_1/nexus
	rmdir $vhost/tpgt_1/lun/lun_* $vhost/tpgt_1 $vhost $target/vhost
}
trap 'resume_mapped held 2>/dev/null; remove_vhost 2>/dev/null; clean_up; dmsetup remove --retry held 2>/dev/null
	rm -rf "$folder"' EXIT

# A kernel that decompresses itself takes minutes in an emulator that is emulated; QEMU starts what is in it, too.
# The places are of the boot protocol's header; the last four bytes are the size of what comes out.
plain_kernel() { # plain_kernel BZIMAGE: without its wrapping
	local sectors offset length magic
	sectors=$(od -An -t u1 -j 497 -N 1 "$1")
	read -r offset length <<<"$(od -An -t u4 -j 584 -N 8 "$1")"
	tail -c +$(((sectors + 1) * 512 + offset + 1)) "$1" | head -c $((length - 4)) >"$folder/payload"
	magic=$(od -An -t x1 -N 4 "$folder/payload" | tr -d ' ')
	case $magic in
	28b52ffd) zstd -dc "$folder/payload" ;;
	fd377a58) xz -dc "$folder/payload" ;;
	*) echo "compressed in an unknown way, beginning with $magic" >&2; return 1 ;;
	esac >"$folder/vmlinux" && rm "$folder/payload"
}
# The guest: a kernel, busybox, sg3-utils, and what its init is told to do.
make_guest() {
	local root=$folder/root module
	plain_kernel "$kernel" || return
	mkdir -p "$root"/{bin,dev,proc,sys,modules}
	cp "$(command -v busybox)" "$root/bin/busybox"
	for program in sg_vpd sg_persist sg_reset; do
		program=$(command -v $program)
		cp "$program" "$root/bin/"
		ldd "$program" | grep -oE '/[^ ]+' | xargs -I{} cp -L --parents {} "$root" || return
	done
	for module in $(modprobe -S "$version" -a --show-depends virtio_pci virtio_scsi sd_mod sg |
		awk '$1 == "insmod" && !seen[$2]++ { print $2 }'); do
		cp "$module" "$root/modules/"
		basename "$module" .xz >>"$root/modules/order"
	done
	find "$root/modules" -name '*.xz' -exec xz -d {} +
	cat >"$root/init" <<-'END'
		#!/bin/busybox sh
		export PATH=/bin
		/bin/busybox --install -s /bin
		mount -t proc proc /proc
		mount -t sysfs sys /sys
		mount -t devtmpfs dev /dev
		while read -r module; do
			insmod "/modules/$module"
		done </modules/order
		i=0
		while [ ! -b /dev/sda ] && [ $i -lt 1800 ]; do
			usleep 100000
			i=$((i + 1))
		done
		sh /tasks 2>&1 | sed 's/^/guest: /' >/dev/ttyS0
		poweroff -f
	END
	chmod +x "$root/init"
}
in_flight() { awk '{ print $1 + $2 }' "/sys/block/${1#/dev/}/inflight"; } # in_flight DISK
# On a busy machine QEMU has been seen to stand still in User Mode Linux, before its
# guest's kernel begins.  If that is all, and the disk has answered everything, it is started again.
run_guest() { # run_guest DEVICE...: with these QEMU options; what it says is in $folder/console
	local try qemu
	(cd "$folder/root" && find . | busybox cpio -o -H newc) >"$folder/initrd" || return
	for try in 1 2 3; do
		: >"$folder/console"
		timeout "$limit" qemu-system-x86_64 -nodefaults -no-user-config -display none -no-reboot -accel tcg -m 256 \
			-kernel "$folder/vmlinux" -initrd "$folder/initrd" -append "earlyprintk=ttyS0 console=ttyS0 $quick panic=-1" \
			-chardev "file,id=console,path=$folder/console" -serial chardev:console "$@" &
		qemu=$!
		wait_for 120 test -s "$folder/console" && break
		[ "$(in_flight "$disk")" = 0 ] || { echo "the disk does not answer"; kill $qemu; return 1; }
		echo "$try" >"$folder/restarts"
		kill $qemu
		wait $qemu
	done
	wait $qemu
	grep -q '^guest: done' "$folder/console" || { tr -d '\0\r' <"$folder/console" | tail -n 30; return 1; }
}
guest_said() { tr -d '\r' <"$folder/console" | sed -n "s/^guest: $1 //p"; } # guest_said WORD: the rest of the line
block() { dd "$@" bs=4k count=1 status=none; }

check "a guest is made" make_guest
make_ramdisk guest 16
make_tpg $iqn 1 $iqn_initiator
make_tpg $iqn 2 $iqn_initiator
for tpgt in 1 2; do
	link_lun $iqn $tpgt 0 rd_mcp_0/guest
	at_rest "$(disk_of $iqn $tpgt 0)"
done
disk=$(disk_of $iqn 1 0) other=$(disk_of $iqn 2 0)
pages() { # pages DISK: 0x80 and 0x83, in hexadecimal
	local page
	for page in 0x80 0x83; do
		sg_vpd -p $page -r "$1" | od -An -v -tx1 | tr -d ' \n'
	done
}

# scsi-block hands every command through.
cat >"$folder/root/tasks" <<'END'
for page in 0x80 0x83; do
	sg_vpd -p $page -r /dev/sda | od -v -tx1 | sed 's/^[^ ]*//' | tr -d ' \n'
done >/pages
echo "pages $(cat /pages)"
echo "size $(cat /sys/block/sda/size)"
dd if=/dev/zero bs=4k count=1 2>/dev/null | tr '\0' g | dd of=/dev/sda bs=4k seek=100 conv=fsync 2>/dev/null && echo "wrote"
echo "read $(dd if=/dev/sda bs=4k skip=101 count=1 2>/dev/null | tr -d h | wc -c)"
sg_persist -n --out --register --param-sark=0x6e57 /dev/sda && sg_persist -n --out --reserve --param-rk=0x6e57 --prout-type=1 /dev/sda &&
	echo "reserved"
echo done
END
block if=/dev/zero | tr '\0' h | block of="$disk" seek=101 oflag=direct
check "scsi-block: the guest runs" run_guest -device virtio-scsi-pci \
	-drive "file=$disk,if=none,id=lu,format=raw,cache=none" -device scsi-block,drive=lu
[ ! -e "$folder/restarts" ] || say "QEMU stood still and was started again, $(cat "$folder/restarts") times"
check_equal "scsi-block: pages 0x80 and 0x83 are the host's" "$(pages "$disk")" "$(guest_said pages)"
check_equal "scsi-block: the size is" $((16 << 11)) "$(guest_said size)"
check_equal "scsi-block: the guest reads what the host wrote" 0 "$(guest_said read)"
check_equal "scsi-block: the host reads what the guest wrote" 0 "$(block if="$other" skip=100 iflag=direct | tr -d g | wc -c)"
check "scsi-block: the guest made a reservation" grep -q '^guest: reserved' "$folder/console"
test_unit_ready "$other" >/dev/null 2>&1
check "scsi-block: another initiator sees it" grep -qi '0x6e57' <<<"$(sg_persist -n --in --read-reservation "$other")"
check "scsi-block: and may not write" refused "" block if=/dev/zero of="$other" oflag=direct
check "scsi-block: it is the guest's host's to clear" sg_persist -n --out --clear --param-rk=0x6e57 "$disk"
test_unit_ready "$other" >/dev/null 2>&1
check "scsi-block: then the other writes" block if=/dev/zero of="$other" oflag=direct

# vhost-scsi: the same backstore as a logical unit of that fabric.
make_vhost() {
	mkdir -p $vhost/tpgt_1/lun/lun_{0,1} && write naa.5001405000000008 $vhost/tpgt_1/nexus &&
		ln -s "$core/rd_mcp_0/guest" $vhost/tpgt_1/lun/lun_0/guest &&
		ln -s "$core/iblock_0/held" $vhost/tpgt_1/lun/lun_1/held
}
said() { grep -q "^guest: $1" "$folder/console"; }
is_held() { [ "$(in_flight "$held")" = 1 ]; }
go() { tr '\0' g </dev/zero | block of="$disk" seek=103 oflag=direct iflag=fullblock; } # what the guest waits for
sends_reset() { grep -q "device reset" "$folder/console"; } # the guest's driver says so
# A guest that is over says nothing more.
comes() { wait_for "$1" is_over_or "${@:2}" && "${@:2}"; } # comes SECONDS COMMAND...
is_over_or() { [ -e "$folder/over" ] || "$@"; }
hold() { # a WRITE through loopback, until the guest's reset has waited for it, too
	local writer status=0
	comes $((limit + 360)) said ready || return
	hold_mapped held
	block if=/dev/zero of="$held" oflag=direct &
	writer=$!
	# Three of the disk's time-outs
	{ wait_for 10 is_held && go && comes "$limit" sends_reset && sleep 6 && kill -0 $writer && refused "" said "reset "; } || status=1
	resume_mapped held
	wait $writer && return $status
}
if modprobe -q vhost_scsi; then
	make_mapped held
	link_lun $iqn 1 1 iblock_0/held
	held=$(disk_of $iqn 1 1)
	at_rest "$held"
	write 2 "$(device_of $iqn 1 1)/timeout"
	check "vhost-scsi: the same backstores" make_vhost
	cat >"$folder/root/tasks" <<'END'
disk_of() { # disk_of LUN: they are found in any order
	until [ -b "/dev/$(ls /sys/bus/scsi/devices/*:$1/block 2>/dev/null)" ]; do
		usleep 100000
	done
	echo /dev/$(ls /sys/bus/scsi/devices/*:$1/block)
}
disk=$(disk_of 0) held=$(disk_of 1)
echo "serial $(sg_vpd -p 0x80 -r $disk | tail -c +5)"
dd if=/dev/zero bs=4k count=1 2>/dev/null | tr '\0' v | dd of=$disk bs=4k seek=102 conv=fsync 2>/dev/null
echo "read $(dd if=$disk bs=4k skip=101 count=1 2>/dev/null | tr -d h | wc -c)"
echo "guest: ready" >/dev/ttyS0
until dd if=$disk bs=4k skip=103 count=1 2>/dev/null | grep -q g; do
	usleep 100000
	echo 3 >/proc/sys/vm/drop_caches
done
sg_reset --device --no-esc $held
echo "guest: reset $?" >/dev/ttyS0
echo "wrote $(dd if=/dev/zero of=$held bs=4k count=1 conv=fsync 2>&1 | grep -c "1+0 records out")"
echo done
END
	begin hold
	check "vhost-scsi: the guest runs" run_guest -device vhost-scsi-pci,wwpn=${vhost##*/}
	touch "$folder/over"
	end
	check "vhost-scsi: LOGICAL UNIT RESET waits for a WRITE of the loopback disk, which ends well" ended_well
	check_equal "vhost-scsi: and succeeds then" 0 "$(guest_said reset)"
	check_equal "vhost-scsi: after it the guest writes" 1 "$(guest_said wrote)"
	check_equal "vhost-scsi: the loopback disk is running" running "$(cat "$(device_of $iqn 1 1)/state")"
	check_equal "vhost-scsi: it is the logical unit" guest "$(guest_said serial)"
	check_equal "vhost-scsi: the guest reads what the loopback disk wrote" 0 "$(guest_said read)"
	check_equal "vhost-scsi: the loopback disk reads what the guest wrote" 0 "$(block if="$disk" skip=102 iflag=direct | tr -d v | wc -c)"
	check "vhost-scsi: it is removed" remove_vhost
	check "vhost-scsi: the loopback disk works on" verify "$disk" --size=1m
else
	skip "vhost-scsi beside loopback" "this kernel has no vhost-scsi"
fi
finish
