#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# The command tcm-loop: disks of every protocol, made, listed, applied from a
# file and removed, beside what others made.
. "$(dirname "$0")/lib.sh"
tcm_loop=$(realpath "$(dirname "$0")/../utils/tcm-loop")
[ -x "$tcm_loop" ] || tcm_loop=$(command -v tcm-loop) || skip_all "there is no tcm-loop (package tcm-loop-utils)"
python3 -c "import rtslib" 2>/dev/null || skip_all "needs rtslib"
load_module
[ -e /etc/machine-id ] || echo 0123456789abcdef0123456789abcdef >/etc/machine-id
trap '$tcm_loop remove --all --force >/dev/null 2>&1; clean_up' EXIT

udevadm settle # what ran before may have left it much to do

nothing_left() { [ -z "$(ls -d $loopback/*.* $core/*_*/*/ 2>/dev/null)" ]; }
field() { python3 -c 'import json, sys; print(*[d[sys.argv[1]] for d in json.load(sys.stdin)], sep="\n")' "$1"; }
device_line() { grep -E "^$1: /dev/sd[a-z]+ /dev/disk/by-id/wwn-0x6001405" <<<"$2"; }

for protocol in sas fc iscsi; do
	output=$($tcm_loop create --ramdisk 16M --protocol $protocol --name $protocol 2>&1)
	check "create a disk of protocol $protocol; it says where it is" device_line $protocol "$output"
	disk=$(awk '{ print $2 }' <<<"$output")
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

check "a name that is none is refused, in the module's words" \
	refused 'naa.xyz": wrong at character 5; accepted: naa. and 16' $tcm_loop create --ramdisk 1M --target naa.xyz
conf=/tmp/tcm-loop.conf
in_file() { # in_file REASON LINE...: a disk that is said so is refused before anything is made
	local reason=$1
	shift
	printf '%s\n' "[one]" "$@" >$conf
	check "in a file: ${reason//\"/}" refused "$reason" $tcm_loop apply --dry-run $conf
}
while IFS='|' read -r reason name line; do
	in_file "$reason" "ramdisk = 1M" "target = $name" "$line"
done <<END
4001405000000001": wrong at character 5; accepted: naa.|naa.4001405000000001
12": wrong at character 21; accepted: naa.|naa.50014050000000012
": too short with 35 characters; accepted: naa.|naa.6001405000000001000000000000000
21:0000:24:ff:00:00:01": wrong at character 9; accepted: fc.|fc.21:0000:24:ff:00:00:01
Org": wrong at character 13; accepted: iqn.|iqn.2003-01.Org
000001": wrong at character 18; accepted: iqn.|iqn.2003-01.org:a,i,0x00023d000001
0000": wrong at character 224; accepted: iqn.|$(printf 'iqn.2003-01.%0212d' 0)
g": wrong at character 20; accepted: iqn.|eui.0123456789abcdeg
accepted are naa. (SAS)|NAA.5001405000000001
0x00023d000001": wrong at character 21; accepted: naa.|$naa|initiator = naa.5001405000000002,i,0x00023d000001
2": too short with 4 characters; accepted: fc.|$fc|initiator = fc.2
a,i,0xg": wrong at character 23; accepted: iqn.|$iqn|initiator = iqn.2003-01.org:a,i,0xg
initiator "$fc_initiator" is not of protocol iscsi|$iqn|initiator = $fc_initiator
END
check "a file that does not exist" refused "with a size it is made" $tcm_loop create --file /tmp/none.img
check "no block device" refused "is not a block device" $tcm_loop create --block /etc/passwd
check "two places for the data" refused "exactly one of" $tcm_loop create --ramdisk 1M --file /tmp/x
check "no place for the data" refused "none is given" $tcm_loop create
check "a size of nothing" refused 'size "0"' $tcm_loop create --ramdisk 0
check "an LUN that does not exist" refused "from 0 to 65535" $tcm_loop create --ramdisk 1M --lun 65536
check "a protocol that is not the target's" refused "is not of protocol" $tcm_loop create --ramdisk 1M --protocol fc --target $naa
long=/tmp/long/$(printf '%0245d' 0) # of 255 bytes, as many as the kernel takes
mkdir -p /tmp/long
for path in '/tmp/long/a,b' '/tmp/long/a,fd_buffered_io=1' $'/tmp/long/a\nb' $'/tmp/long/a\eb'; do
	check "a path that is an option, too: ${path@Q}" refused "without commas and control" $tcm_loop create --file "$path" --size 1M
done
check "a device's path that is one" refused "without commas and control" $tcm_loop create --block /dev/a,readonly=1
check "a path longer than the kernel takes" refused "has 256 bytes; accepted are 255" $tcm_loop create --file "/${long}" --size 1M
check "a device's path longer than that" refused "has 512 bytes; accepted are 511" $tcm_loop create --block "/dev/$(printf '%0507d' 0)"
in_file "a comment has a line of its own" "file = /tmp/long/a ; b" "size = 1M"
in_file "a comment has a line of its own" "block = /dev/ram0	# b"
check "after each of these nothing is left" nothing_left
check "and no file" test ! -e /tmp/x -a ! -e /tmp/none.img -a -z "$(ls /tmp/long)"
check "the longest path that the kernel takes" $tcm_loop create --file "$long" --size 1M --name long
check_equal "is the file that was made" "${long##*/}" "$(ls /tmp/long)"
$tcm_loop remove long >/dev/null
rm -r /tmp/long

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
file = /tmp/one.img
size = 16M
protocol = fc

[two]
ramdisk = 8M
target = $iqn
END
check "apply --dry-run shows what it would make" grep -q "^+ one: file /tmp/one.img, fc\.50:01:40:5" <<<"$($tcm_loop apply -n $conf)"
check "and makes nothing" test ! -e /tmp/one.img
check "apply" $tcm_loop apply $conf
check_equal "apply again" "nothing to do" "$($tcm_loop apply $conf)"
identity() { $tcm_loop list --json | python3 -c 'import json, sys; print(*sorted((d["name"], d["target"], d["initiator"], d["by_id"]) for d in json.load(sys.stdin) if d["managed"]))'; }
device_named() { $tcm_loop list --json | python3 -c 'import json, sys; print(*[d["device"] for d in json.load(sys.stdin) if d["name"] == sys.argv[1]])' "$1"; }
before=$(identity)
mkdir -p /tmp/mnt
mkfs.ext4 -q "$(device_named one)" && mount "$(device_named one)" /tmp/mnt && touch /tmp/mnt/here
sed -i 's/size = 16M/size = 16M\nlun = 7/' $conf
check "a change of what is mounted is refused" refused "is in use as /tmp/mnt" $tcm_loop apply $conf
check "and so is its removal" refused "is in use as /tmp/mnt" $tcm_loop remove "$(device_named one)"
umount /tmp/mnt
check "apply shows the change" grep -q "^~ one: lun 0 -> 7" <<<"$($tcm_loop apply $conf)"
mount "$(device_named one)" /tmp/mnt
check "the file system is still there" test -e /tmp/mnt/here
umount /tmp/mnt
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
printf '[one]\nfile = /tmp/one.img\ncolour = red\n' >$conf
check "an unknown key is refused" refused 'unknown option "colour"' $tcm_loop apply $conf
printf '[one]\nramdisk = 1M\ntarget = %s\n[two]\nramdisk = 1M\ntarget = %s\n' $iqn $iqn >$conf
check "two disks in one place are refused" refused "are both lun 0" $tcm_loop apply $conf
printf 'ramdisk = 1M\n' >$conf
check "a file without a section is refused" refused "no section headers" $tcm_loop apply $conf
check "and nothing was touched" grep -q "^one " <<<"$($tcm_loop list)"
check "remove --all" $tcm_loop remove --all
check "another's disk is still there" test -e "$(device_of $naa 1 0)"
rm -f /tmp/one.img $conf
finish
