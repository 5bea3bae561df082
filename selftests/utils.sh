#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The command tcm-loop: disks of every protocol, made, listed, applied from a
# file and removed, beside what others made.  What the command does in which state,
# and what it refuses, utils/tests say without a kernel.
. "$(dirname "$0")/clients.sh"
begin_test
tcm_loop=$(realpath "$(dirname "$0")/../utils/tcm-loop")
[ -x "$tcm_loop" ] || tcm_loop=$(command -v tcm-loop) || skip_all "there is no tcm-loop (package tcm-loop-utils)"
work=$(mktemp -d) # nothing of this machine's own state or files is touched
state=$work/state
if [ -d "${tcm_loop%/*}/tcmloop" ]; then # compiled once, as packages are
	cp -r "${tcm_loop%/*}" "$work/utils" && python3 -m compileall -q "$work/utils/tcmloop" || failed compile
	tcm_loop=$work/utils/tcm-loop
fi
tcm_loop="$tcm_loop --state $state"
load_module
[ -s /etc/machine-id ] || echo 0123456789abcdef0123456789abcdef >/etc/machine-id
trap '$tcm_loop remove --all --force >/dev/null 2>&1; rm -rf "$work"; clean_up' EXIT

udevadm settle # what ran before may have left it much to do

nothing_left() { [ -z "$(ls -d $loopback/*.* $core/*_*/*/ 2>/dev/null)" ]; }
nothing_left_of_pscsi() { [ -z "$(ls -d $core/pscsi_*/*/ 2>/dev/null)" ]; }
field() { python3 -c 'import json, sys; print(*[d[sys.argv[1]] for d in json.load(sys.stdin)], sep="\n")' "$1"; }
device_in() { awk -v name="$1:" '$1 == name { print $2 }' <<<"$2"; } # device_in NAME OUTPUT: there may be other lines
device_line() { grep -E "^$1: /dev/sd[a-z]+ /dev/disk/by-id/wwn-0x6001405" <<<"$2"; }

for protocol in sas fc iscsi; do
	output=$($tcm_loop create --ramdisk 16M --protocol $protocol --name $protocol 2>&1)
	check "create a disk of protocol $protocol; it says where it is" device_line $protocol "$output"
	disk=$(device_in $protocol "$output")
	check "and it works" verify "$disk" --size=1m
	check_equal "list --json tells its protocol" $protocol "$($tcm_loop list --json | field protocol | grep $protocol)"
done
check "page 0x83 of the FC disk says Fibre Channel" grep -q "Fibre Channel" <<<"$(sg_vpd -p di "$($tcm_loop list --json | field device | sed -n 1p)")"
check "list shows three" test "$($tcm_loop list | grep -c tcm-loop)" = 3
if command -v targetcli >/dev/null; then
	mkdir -p /etc/target
	start_dbus
	check "targetcli, run by this command, shows the FC target" grep -q "fc\.50:01:40" <<<"$($tcm_loop targetcli ls /loopback 2>&1)"
fi
check "a second disk of that name is refused" refused "fc exists" $tcm_loop create --ramdisk 1M --name fc
check "remove them" $tcm_loop remove sas fc iscsi
check "nothing is left" nothing_left

identity() { $tcm_loop list --json | python3 -c 'import json, sys; print(*sorted((d["name"], d["target"], d["initiator"], d["by_id"]) for d in json.load(sys.stdin) if d["managed"]))'; }
conf=$work/tcm-loop.conf
if command -v targetcli >/dev/null; then
	# A boot after targetcli has saved: target.service has made what it can before the command comes.
	printf '[one]\nramdisk = 8M\n[two]\nramdisk = 8M\nprotocol = fc\n[three]\nramdisk = 8M\n' >$conf
	$tcm_loop apply $conf >/dev/null
	before=$(identity)
	check "targetcli saves them" $tcm_loop targetcli saveconfig "$work/saved.json"
	$tcm_loop remove --all >/dev/null
	targetctl restore "$work/saved.json" >"$work/restored" 2>&1
	udevadm settle --timeout=60 # what udev reads is in use, and keeps its initiator
	say "restored: $(echo $core/*_*/*/ $loopback/*.*)"
	check "apply after what was saved was restored" $tcm_loop apply $conf
	check_equal "gives the same identities" "$before" "$(identity)"
	check_equal "and has nothing more to do" "nothing to do" "$($tcm_loop apply $conf)"
	check "remove --all" $tcm_loop remove --all
	check "nothing is left" nothing_left
fi

check "a name that is none is refused" refused 'naa.xyz": wrong at character 5; accepted: naa. and 16' $tcm_loop create --ramdisk 1M --target naa.xyz
check "and nothing is left" nothing_left
mkdir "$work/long"
long=$work/long/$(printf "%0$((254 - ${#work} - 5))d" 0) # of 255 bytes, as many as the kernel takes
check "the longest path that the kernel takes" $tcm_loop create --file "$long" --size 1M --name long
check_equal "is the file that was made, for root alone" "${long##*/} 600" "$(cd "$work/long" && stat -c "%n %a" -- *)"
$tcm_loop remove long >/dev/null

make_ramdisk foreign 8
make_tpg $naa 1 $naa_initiator
link_lun $naa 1 0 rd_mcp_0/foreign
check "what others made is listed as theirs" grep -q "foreign.*others" <<<"$($tcm_loop list)"
check "a LUN that is taken is refused" refused "is taken" $tcm_loop create --ramdisk 1M --target $naa
check "a second LUN of another's port may be made" $tcm_loop create --ramdisk 1M --name second --target $naa --lun 1
check "a backstore of another's name is refused" refused "which this command did not make" $tcm_loop create --ramdisk 1M --name foreign
check "another's disk is not removed" refused "is not a disk that this command made" $tcm_loop remove foreign
check "remove --all" $tcm_loop remove --all
check "leaves it" test -e "$(device_of $naa 1 0)"

cat >$conf <<END
[one]
file = $work/one.img
size = 16M
protocol = fc

[two]
ramdisk = 8M
target = $iqn
END
check "apply --dry-run shows what it would make" grep -q "^+ one: file $work/one.img, fc\.50:01:40:5" <<<"$($tcm_loop apply -n $conf)"
check "and makes nothing" test ! -e "$work/one.img"
check "apply" $tcm_loop apply $conf
check_equal "apply again" "nothing to do" "$($tcm_loop apply $conf)"
device_named() { $tcm_loop list --json | python3 -c 'import json, sys; print(*[d["device"] for d in json.load(sys.stdin) if d["name"] == sys.argv[1]])' "$1"; }
before=$(identity)
mkdir "$work/mnt"
mkfs.ext4 -q "$(device_named one)" && mount "$(device_named one)" "$work/mnt" && touch "$work/mnt/here"
sed -i 's/size = 16M/size = 16M\nlun = 7/' $conf
check "a change of what is mounted is refused" refused "is in use as $work/mnt" $tcm_loop apply $conf
check "and so is its removal" refused "is in use as $work/mnt" $tcm_loop remove "$(device_named one)"
umount "$work/mnt"
check "apply shows the change" grep -q "^~ one: lun 0 -> 7" <<<"$($tcm_loop apply $conf)"
mount "$(device_named one)" "$work/mnt"
check "the file system is still there" test -e "$work/mnt/here"
umount "$work/mnt"
sed -i '/lun = 7/d' $conf
check "apply once more" $tcm_loop apply $conf
$tcm_loop remove --all >/dev/null
check "apply after all was removed, as after a reboot" $tcm_loop apply $conf
check_equal "gives the same identities" "$before" "$(identity)"
remove_tpg $iqn 1 && rmdir $loopback/$iqn
check "what others removed is made again" $tcm_loop apply $conf
check_equal "as it was" "$before" "$(identity)"
sed -i '/\[two\]/,$d' $conf
check "what is not in the file any more goes" grep -q "^- two" <<<"$($tcm_loop apply $conf)"
printf '[one]\nfile = %s\ncolour = red\n' "$work/one.img" >$conf
check "an unknown key is refused" refused 'unknown option "colour"' $tcm_loop apply $conf
printf '[one]\nramdisk = 1M\ntarget = %s\n[two]\nramdisk = 1M\ntarget = %s\n' $iqn $iqn >$conf
check "two disks in one place are refused" refused "are both lun 0" $tcm_loop apply $conf
printf 'ramdisk = 1M\n' >$conf
check "a file without a section is refused" refused "no section headers" $tcm_loop apply $conf
check "and nothing was touched" grep -q "^one " <<<"$($tcm_loop list)"
check "remove --all" $tcm_loop remove --all
check "another's disk is still there" test -e "$(device_of $naa 1 0)"

# A file grows below its disks, which are in use.
$tcm_loop create --file "$work/grow.img" --size 16M --name grow --paths 2 >/dev/null
mkfs.ext4 -q "$(device_named grow)" && mount "$(device_named grow)" "$work/mnt" || failed mount
blocks_of() { cat "/sys/block/$(basename "$(device_named "$1")")/size"; } # blocks_of NAME
check "resize a file whose disk is mounted" $tcm_loop resize grow 32M
check_equal "its disk has the size" 65536 "$(blocks_of grow)"
check_equal "the other path, too" 65536 "$(blocks_of grow:2)"
check "and so has its file system" resize2fs "$(device_named grow)"
check "which can be filled" dd if=/dev/zero of="$work/mnt/fill" bs=1M count=24 oflag=direct status=none
umount "$work/mnt"
check "it does not shrink" refused "does not shrink" $tcm_loop resize grow 16M
check "its file grows by hand" truncate -s 48M "$work/grow.img"
check "resize without a size" $tcm_loop resize grow:2
check_equal "takes the file's" 98304 "$(blocks_of grow:2)"
check "its end can be written" dd if=/dev/zero of="$(device_named grow:2)" bs=1M seek=47 count=1 oflag=direct status=none
check "remove grow" $tcm_loop remove grow
printf '[grow]\nfile = %s\n' "$work/grow.img" >$conf
check "apply one that is there" $tcm_loop apply $conf
printf '[grow]\nfile = %s\nsize = 64M\n' "$work/grow.img" >$conf
check "with a larger size it grows" grep -q "^~ grow: size 50331648 -> 67108864" <<<"$($tcm_loop apply $conf)"
check_equal "and its disk" 131072 "$(blocks_of grow)"
check "remove --all" $tcm_loop remove --all

# The asymmetric access state of each path.
check "a disk with an active and a standby path" $tcm_loop create --ramdisk 8M --name lab --paths 2 --alua active,standby
check_equal "show has their states" "active/optimized standby" "$($tcm_loop show lab | grep -oE "active/optimized|standby" | xargs)"
read_by_hand() { sg_raw --request=512 "$(device_named "$1")" 28 00 00 00 00 00 00 00 01 00 2>&1; } # read_by_hand NAME
check "the standby path refuses READ" has "standby state" "$(read_by_hand lab:2)"
check "the other reads" has "Good" "$(read_by_hand lab)"
check "remove --all" $tcm_loop remove --all

# Attributes of a backstore: before its LUN is linked, and again when the file has others.
printf '[set]\nfile = %s\nsize = 16M\npaths = 2\nset = emulate_tpu=1\n' "$work/set.img" >$conf
check "apply a disk with an attribute" $tcm_loop apply $conf
queue() { cat "/sys/block/$(basename "$(device_named "$1")")/queue/$2"; } # queue NAME FILE
check "which it has" test "$(queue set discard_max_bytes)" -gt 0
sed -i 's/^set = .*/set = emulate_tpu=1, block_size=4096/' $conf
check "another one" grep -q "^~ set: block_size 512 -> 4096" <<<"$($tcm_loop apply $conf)"
check_equal "is set, too" 4096 "$(queue set logical_block_size)"
check_equal "and the other path is there again" 4096 "$(queue set:2 logical_block_size)"
check_equal "apply again" "nothing to do" "$($tcm_loop apply $conf)"
inquiry() { for name; do sg_inq "$(device_named "$name")" | sed -nE 's/^ (Vendor|Product) identification: (.*[^ ]) *$/\2/p'; done | xargs; } # inquiry NAME...
usual=$(inquiry set set:2)
printf '%s\n' "vendor = ACME" "product = A disk 16 longer" >>$conf
check "INQUIRY data" has "vendor .* -> ACME, product .* -> A disk 16 longer" "$($tcm_loop apply $conf)"
check_equal "is what it is to be by both paths" "ACME A disk 16 longer ACME A disk 16 longer" "$(inquiry set set:2)"
check_equal "the list tells it" "ACME A disk 16 longer" "$($tcm_loop list --json | sed -nE '/"name": "set"/,/missing/s/^ *"(vendor|product)": "([^"]*)".*/\2/p' | head -n 2 | xargs)"
check_equal "apply again" "nothing to do" "$($tcm_loop apply $conf)"
sed -i '/^vendor/d; /^product/d' $conf
check "without it" $tcm_loop apply --force $conf
check_equal "it is as usual" "$usual" "$(inquiry set set:2)"
for attribute in colour=1 block_size=100 emulate_tpu=10; do
	check "$attribute is refused" refused "${attribute%=*}" $tcm_loop create --ramdisk 8M --name not --set $attribute
done
check "and nothing is left of that" test ! -e "$(echo $core/*/not)"
check "remove --all" $tcm_loop remove --all

# Over a backstore that others made, of which nothing is changed.
make_ramdisk theirs 16
theirs() { find "$core/rd_mcp_0/theirs" | sort; cat "$core/rd_mcp_0/theirs/wwn/vpd_unit_serial" "$core"/rd_mcp_0/theirs/alua/*/{members,alua_access_state}; }
before=$(theirs)
output=$($tcm_loop create --backstore ramdisk/theirs --name over --paths 2 --alua active,standby 2>&1)
check "a disk over others' backstore, by two paths" test "$(grep -cE "^over(:2)?: /dev/sd" <<<"$output")" = 2
check "and it works" verify "$(device_named over)" --size=1m
check "its standby path refuses READ" has "standby state" "$(read_by_hand over:2)"
check "offline, and online again" eval '$tcm_loop offline over:2 && $tcm_loop online over:2'
check "remove it" $tcm_loop remove over
check_equal "the backstore is as it was, without the path's group" "$before" "$(theirs)"
check "one that there is not is refused" refused "there is no backstore block/theirs" $tcm_loop create --backstore block/theirs
check "which can be removed" rmdir $core/rd_mcp_0/theirs
if modprobe -qn scsi_debug && mkdir $core/pscsi_0 && load_debug device ptype=1; then
	make_pscsi tape "$(debug_device)" "/dev/$(ls "/sys/bus/scsi/devices/$(debug_device)/scsi_generic")"
	output=$($tcm_loop create --backstore tape --name over 2>&1)
	check "a tape, which has a SCSI generic device" has "^over: /dev/sg[0-9]+$" "$output"
	tape=$(device_in over "$output")
	check "which says that it is one" has "tape" "$(sg_inq "$tape")"
	in_use() { refused "is in use" $tcm_loop remove over 9<"$tape"; }
	check "it is in use while a program has it open" in_use
	check "remove it" $tcm_loop remove over
	rmdir $core/pscsi_0/tape
	node() { echo "/dev/$(ls "/sys/bus/scsi/devices/$(debug_device)/$1")"; } # node SUBSYSTEM: of scsi_debug's device
	pages() { sg_inq --page=0x80 "$1" && sg_vpd --page=di_lu --quiet "$1"; } # pages DEVICE: what it says of itself, but for its ports
	printf '[own]\nscsi = %s\npaths = 2\n' "$(node scsi_generic)" >$conf
	output=$($tcm_loop apply $conf 2>&1)
	check "a tape as it is, by two paths" has "^own: /dev/sg[0-9]+$" "$output"
	tape=$(device_in own "$output" | grep "^/dev")
	check_equal "says of itself what the device says" "$(pages "$(node scsi_generic)")" "$(pages "$tape")"
	check_equal "apply again" "nothing to do" "$($tcm_loop apply $conf)"
	check "remove it" $tcm_loop remove own
	unload_debug
	load_debug device
	output=$($tcm_loop create --scsi "$(node scsi_generic)" --name own 2>&1)
	check "a disk, too" has "^own: /dev/sd" "$output"
	check "which works" verify "$(device_in own "$output")" --size=1m
	check "it is not made twice" refused "is the data of core/pscsi_" $tcm_loop create --scsi "$(node block)" --name twice
	check "remove it" $tcm_loop remove own
	unload_debug
	check "nothing is left of them" nothing_left_of_pscsi
else
	skip "tapes and other SCSI devices" "needs pscsi and scsi_debug"
fi

# What is watched.
check "create a disk to watch" $tcm_loop create --ramdisk 8M --name seen
disk=$(device_named seen)
while dd if="$disk" of=/dev/null bs=4k iflag=direct; do :; done >/dev/null 2>&1 &
reading=$!
watched() { $tcm_loop watch seen --interval 2 --count "$1"; } # watched TIMES
rows_are() { awk "\$2 == \"seen\" && $2 { n++ } END { exit n != $1 }" <<<"$3" || { echo "$3"; return 1; }; } # rows_are COUNT CONDITION ROWS
check "watch: it is read" rows_are 2 '$4 == "online" && $5 == "active" && $6 == "running" && $7 > 0 && $8 == 0 && $9 > 0' "$(watched 2)"
check "it goes offline" $tcm_loop offline seen
wait $reading # its first error ends it
check "watch: nothing is read" rows_are 1 '$4 == "offline" && $7 == 0' "$(watched 1)"
check "watch: until ^C" timeout --preserve-status --signal=INT 3 $tcm_loop watch seen
check "remove it" $tcm_loop remove seen

# A backstore in user space, which tcmu-runner has.
if command -v tcmu-runner >/dev/null && modprobe -q target_core_user; then
	pkill -x tcmu-runner # D-Bus may have started one for targetcli
	wait_for 10 eval "! pgrep -x tcmu-runner" >/dev/null
	tcmu_is_refused() { refused "$1" $tcm_loop create --tcmu qcow:/tmp/tcmu/image --size 16M --name user && ! ls -d $core/user_* 2>/dev/null; }
	check "TCMU: without tcmu-runner it is refused, and nothing is left" tcmu_is_refused "no program has taken qcow:/tmp/tcmu/image"
	start_tcmu_runner
	check "TCMU: without its image, too" tcmu_is_refused "or refuses it, as its log says"
	truncate -s 16M /tmp/tcmu/image
	output=$($tcm_loop create --tcmu qcow:/tmp/tcmu/image --size 16M --name user --write-protect 2>&1)
	check "TCMU: a disk, which is write protected" device_line user "$output"
	check "TCMU: it is read" cmp -n 16777216 /tmp/tcmu/image "$(device_in user "$output")"
	check "TCMU: remove it" $tcm_loop remove user
	output=$($tcm_loop create --tcmu qcow:/tmp/tcmu/image --size 16M --name user --paths 2 2>&1)
	check "TCMU: two paths" verify "$(device_in user "$output")" --size=1m
	check "TCMU: and by the other the same" cmp -n 16777216 /tmp/tcmu/image "$(awk '{ disk = $2 } END { print disk }' <<<"$output")"
	check "TCMU: one image is one disk's" refused "is the data of core/user_0/user, too" $tcm_loop create --tcmu qcow:/tmp/tcmu/image --size 16M
	check_equal "TCMU: list tells" qcow:/tmp/tcmu/image "$($tcm_loop list --json | field tcmu | grep -vx None | sort -u)"
	kill -STOP "$tcmu_runner"
	check "TCMU: a program that is stopped takes nothing" refused "no program has taken" $tcm_loop create --tcmu qcow:/tmp/tcmu/other --size 16M
	kill -CONT "$tcmu_runner"
	check "TCMU: remove it" $tcm_loop remove user
	check "TCMU: nothing is left" eval '! ls -d $core/user_*'
	stop_tcmu_runner
	rm -rf /tmp/tcmu
else
	skip "TCMU" "needs tcmu-runner and its module"
fi

# What there is under the name of a disk that was made need not be that disk.
everything() { find $target \( -type d -o -type l \); ls -lR --time-style=full-iso "$state"; cat "$state"/*.json; } 2>&1
unchanged() { # unchanged REGEX COMMAND...: it says so and changes nothing
	local before output expected=$1
	shift
	before=$(everything; echo .)
	output=$("$@" 2>&1)
	diff <(echo "$before") <(everything; echo .) && has "$expected" "$output"
}
as_by_3_0_0() { # the state as 3.0.0 left it, which did not save where a backstore is
	python3 - "$state" <<-END
	import json, os, sys
	os.chdir(sys.argv[1])
	text, disks = json.load(open("state.json")), {}
	for name, disk in text["disks"].items():
	    path = disk["paths"]["1"]
	    port = text["ports"]["%s/%s" % (path["target"], path["tpg"])]
	    disks[name] = dict(name=name, kind=disk["backstore"]["kind"], where=disk["backstore"]["path"], size=disk["backstore"]["size"],
	                       target=path["target"], initiator=port["initiator"], tpg=path["tpg"], lun=path["lun"], serial=disk["serial"],
	                       made_tpg="tpg" in port["ours"], made_target="target" in port["ours"])
	os.unlink("state.json")
	json.dump(disks, open("disks.json", "w"))
	END
}
rm -rf "$state"
printf '[own]\nramdisk = 1M\ntarget = %s\n' $iqn >$conf
check "apply --dry-run and list make no folder" unchanged "^\+ own" $tcm_loop apply -n $conf
$tcm_loop list >/dev/null
check "nor a state" test ! -e "$state"
make_own() { # make_own FORMAT: $own is its backstore
	$tcm_loop apply $conf >/dev/null
	own=$(cd $core && echo rd_mcp_*/own)
	[ "$1" = now ] || as_by_3_0_0
}
take_down() { # by other hands
	remove_tpg $iqn 1
	rmdir $loopback/$iqn "$core/$own" "$core/${own%/*}"
}
unlink_own() {
	find $loopback/$iqn/tpgt_1/lun/lun_0 -maxdepth 1 -type l -delete
	rmdir $loopback/$iqn/tpgt_1/lun/lun_0
}
make_another() { # make_another SERIAL: a backstore where $own was
	mkdir -p "$core/$own"
	write rd_pages=256 "$core/$own/control"
	write 1 "$core/$own/enable"
	write "$1" "$core/$own/wwn/vpd_unit_serial"
}
expose() { make_tpg $iqn 1 $iqn_initiator && link_lun $iqn 1 0 "$1"; }
not_removed() { # not_removed WHAT REGEX BACKSTORE: apply and remove leave it, and forget the disk
	check "$1: it is listed as another's" grep -q "^${3#*/} .* others" <<<"$($tcm_loop list)"
	check "$1: a dry run says so" unchanged "^! own: .*$2.*; made again" $tcm_loop apply --dry-run $conf
	cp -r "$state" "$work/saved"
	check "$1: apply says so" has "^- own: .*$2" "$($tcm_loop apply --prune /dev/null 2>&1)"
	check "$1: and leaves it" test -d "$core/$3" -a -e "$(device_of $iqn 1 0)"
	check_equal "$1: the disk is forgotten" "" "$($tcm_loop list --names)"
	rm -r "$state" && mv "$work/saved" "$state"
	check "$1: remove says so" has "^own: .*$2" "$($tcm_loop remove own 2>&1)"
	check "$1: and leaves it" test -d "$core/$3" -a -e "$(device_of $iqn 1 0)"
	check_equal "$1: the disk is forgotten" "" "$($tcm_loop list --names)"
	remove_tpg $iqn 1
	rmdir $loopback/$iqn
}
make_own now
take_down
make_fileio own 1 "$work/own.img"
expose fileio_0/own
not_removed "another kind" "is gone; lun 0 .* is linked to core/fileio_0/own" fileio_0/own
rmdir $core/fileio_0/own $core/fileio_0

make_own now
unlink_own
link_lun $iqn 1 0 rd_mcp_0/foreign
not_removed "another's LUN" "lun 0 .* is linked to core/rd_mcp_0/foreign" rd_mcp_0/foreign
check "its backstore is gone" test ! -e "$core/$own"

for format in now 3.0.0; do
	make_own $format
	take_down
	make_another other
	expose "$own"
	not_removed "another serial number, $format" "found is core/$own with .other.; lun 0 .* is linked to core/$own" "$own"
	rmdir "$core/$own" "$core/${own%/*}"

	make_own $format
	if [ $format = now ]; then
		check "apply has nothing to do" unchanged "^nothing to do" $tcm_loop apply $conf
	else
		check "apply takes over what $format made" has "^= own: is there already, adopted" "$($tcm_loop apply $conf)"
		as_by_3_0_0
	fi
	unlink_own
	check "a dry run says that the LUN is gone, $format" unchanged "^! own: lun 0 of .* is gone" $tcm_loop apply -n $conf
	check "apply makes it again, $format" $tcm_loop apply $conf
	[ $format = now ] || as_by_3_0_0
	check "it is there, $format" present $iqn 1 0
	mkdir "$core/$own/alua/group"
	check "and goes, with an ALUA group of the backstore's, $format" $tcm_loop remove own
	check "with all of it, $format" test ! -e "$core/$own" -a ! -e $loopback/$iqn
done
make_own 3.0.0
mine=$own serial=$(sed 's/.*: //' "$core/$own/wwn/vpd_unit_serial")
own=rd_mcp_9/own
make_another "$serial"
check "of two that it may be, 3.0.0, neither is taken" has "^own: forgotten; .* found are core/$mine .* and core/$own" "$($tcm_loop remove own)"
check "they are there" test -d "$core/$own" -a -d "$core/$mine"
rmdir "$core/$own" "$core/${own%/*}"
own=$mine
take_down

# A backstore that others use, too.
make_own now
if modprobe iscsi_target_mod 2>/dev/null; then
	user="$target/iscsi/$iqn:[a]"
else
	user=$loopback/$fc
fi
lun=$user/tpgt_1/lun/lun_0
mkdir -p "$lun" && ln -s "$core/$own" "$lun/second"
used="core/$own is used by $(sed 's/[][]/./g' <<<"${lun#"$target/"}"), too"
check "a backstore with a second LUN: remove is refused" unchanged "$used; with --force" $tcm_loop remove own
check "apply is" unchanged "$used; with --force" $tcm_loop apply --prune /dev/null
sed -i 's/1M/2M/' $conf
check "and so is apply --force of a change" unchanged "$used; nothing was changed" $tcm_loop apply --force $conf
check "remove --force says what stays" has "^own: removed; core/$own stays, for" "$($tcm_loop remove --force own)"
check "it takes the disk" test ! -e $loopback/$iqn
check "and leaves the second LUN" test -e "$lun/second/enable"
check "and the backstore, which is not this command's any more" refused "which this command did not make" $tcm_loop create --ramdisk 1M --name own
rm "$lun/second"
rmdir "$lun" "$user/tpgt_1" "$user" "$core/$own" "$core/${own%/*}"
[ ! -e $target/iscsi ] || rmdir $target/iscsi

# In use: what only the kernel knows.
cat >$conf <<END
[own]
ramdisk = 8M
[other]
ramdisk = 8M
END
$tcm_loop apply $conf >/dev/null
disk=$(device_named own)
exec {open}<"$disk"
check "a disk that a program has open is not removed" unchanged "$disk is in use by .* .process [0-9]+." $tcm_loop remove own
exec {open}<&-
mkfs.ext4 -q "$disk"
unshare --mount sh -c 'mount "$1" "$2" && : >"$3" && sleep 1000' sh "$disk" "$work/mnt" "$work/mounted" &
load=$!
wait_for 20 test -e "$work/mounted"
check "nor one that is mounted where this process does not see it" unchanged "$disk is in use" $tcm_loop remove own
check "remove --all is refused" refused "own: $disk is in use" $tcm_loop remove --all
check_equal "and takes the other one" own "$($tcm_loop list --names)"
pkill -P $load
wait $load 2>/dev/null
check "then it goes" $tcm_loop remove own

# What is there already: equal disks are taken over, as after targetcli's restore of what it saved.
$tcm_loop apply $conf >/dev/null
before=$(identity)
rm -r "$state"
check "without a state, they are others'" has "own .* others" "$($tcm_loop list)"
check "apply takes them over" has "^= own: is there already, adopted" "$($tcm_loop apply $conf)"
check_equal "as they are" "$before" "$(identity)"
for change in "serial = 12ab" "initiator = naa.5001405000000077" "lun = 3" "tpg = 2"; do
	echo "$change" >>$conf
	check "a change of ${change%% *}" has "^~ other: .*${change%% *}" "$($tcm_loop apply $conf)"
	check "and the disk is there" test -b "$(device_named other)"
done
check "by the kernel's account, too" grep -q naa.5001405000000077 $loopback/naa.*/tpgt_2/nexus
check "remove --all" $tcm_loop remove --all

# Killed half-way: who comes next brings it to an end.
printf '[k%s]\nramdisk = 64K\n' {1..8} >$conf
for pause in 0.3 0.6 1; do
	$tcm_loop apply $conf >/dev/null 2>&1 &
	load=$!
	sleep $pause
	kill -KILL $load
	wait $load 2>/dev/null
	check "killed after $pause s: apply" $tcm_loop apply $conf
	check_equal "has nothing more to do" "nothing to do" "$($tcm_loop apply $conf)"
	check "remove --all" $tcm_loop remove --all
	check_equal "and only the others' is left" "$core/rd_mcp_0/foreign/" "$(echo $core/*_*/*/)"
done
$tcm_loop apply $conf >/dev/null 2>&1 &
load=$!
sleep 0.3
kill -TERM $load
wait $load 2>/dev/null
check "SIGTERM: nothing half made" unchanged "." $tcm_loop list

check "a write-protected disk" $tcm_loop create --ramdisk 1M --name own --target $iqn --write-protect
check_equal "is one to the system" 1 "$(blockdev --getro "$(device_named own)")"
check "it goes" $tcm_loop remove own
check "another one" $tcm_loop create --ramdisk 1M --name own --target $iqn
check_equal "can be written" 0 "$(blockdev --getro "$(device_named own)")"
check "and goes, too" $tcm_loop remove own

# Many: all are made before udev is waited for.
printf '[n%s]\nramdisk = 64K\n' {1..30} >$conf
start=$SECONDS
check "30 disks" $tcm_loop apply $conf
say "30 disks: apply $((SECONDS - start)) s"
check_equal "all are listed with a device and a link" 30 \
	"$($tcm_loop list --json | python3 -c 'import json, sys; print(sum("/wwn-" in (d["by_id"] or "") for d in json.load(sys.stdin) if d["managed"]))')"
start=$SECONDS
check "and are removed" $tcm_loop remove --all
say "30 disks: remove $((SECONDS - start)) s"
finish
