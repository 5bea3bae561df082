# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # name and work come from who sources this
# What vm/try-deb and vm/try-rpm share: a copy of a release's root image to
# install packages in.  Before they source this, they set name, the release,
# and work, the folder that they may fill.

. "$(dirname "$0")/lib.sh"
base=$("$VM/root" "$name")
version=$(sed -n 's/^PACKAGE_VERSION="\(.*\)"/\1/p' "$TOP/dkms.conf")

must() { # what follows makes no sense without it
	tap "$@"
	[ -n "$tap_ok" ] || { tap_end; exit 1; }
}

inside() { # inside ROOT COMMAND...
	local root=$1
	shift
	in_root "$root" "$CACHE/apt/$(basename "$work"):/var/cache/apt/archives" "$work/tree:/tree" -- \
		env -C /tree DEBIAN_FRONTEND=noninteractive LC_ALL=C.UTF-8 INITRD=No "$@"
}

run() { # run COMMAND...: as the user would type it; its output goes to the transcript, too
	local status=0
	inside "$work/root" "$@" >"$work/output" 2>&1 || status=$?
	{ echo "\$ $*" && cat "$work/output"; } >>"$work/transcript"
	[ $status = 0 ] || cat "$work/output"
	return $status
}

quietly() { "$@" >"$work/output" 2>&1 || { cat "$work/output"; return 1; }; }

fresh() { # fresh NAME: a copy of the release's root in which apt works
	as_root cp -a "$base/root" "$work/$1"
	as_root sh -c 'cat >"$1/etc/apt/apt.conf.d/lab"; printf "#!/bin/sh\nexit 101\n" >"$1/usr/sbin/policy-rc.d"
		chmod +x "$1/usr/sbin/policy-rc.d"; cp /etc/resolv.conf "$1/etc/"' sh "$work/$1" <<-END
		APT::Install-Recommends "false";
		APT::Keep-Downloaded-Packages "true";
		APT::Sandbox::User "root";
		Acquire::Check-Valid-Until "false";
		Acquire::Retries "3";
		DPkg::Options { "--force-unsafe-io"; };
	END
	quietly inside "$work/$1" apt-get -q update
}

dkms_says() { inside "$work/root" dkms status 2>/dev/null | sed 's/, x86_64//; s|tcm-loop/|tcm-loop, |; s/  */ /g; s/ (.*//' | sort; }
file_of() { inside "$work/root" modinfo -k "$1" -F filename tcm_loop | sed 's/\.[xz][zs]t*$//; s,.*/lib/modules/,,'; }
version_of() { inside "$work/root" modinfo -k "$1" -F version tcm_loop; }

no_warning() {
	local log=$work/root/var/lib/dkms/tcm-loop/$1/$2/x86_64/log/make.log
	[ -s "$log" ] && ! grep -i warning "$log"
}

nothing_left() {
	! find "$work/root/usr/src" "$work/root/var/lib/dkms" "$work/root/lib/modules" -path '*tcm*loop*' \
		-not -path '*/kernel/drivers/target/*' -not -path '*/linux-*' | grep .
}

linked() { # linked [FOLDER]: what the package's README names with a link is where that says, below FOLDER
	inside "$work/root" sh -ec 'cd "$(dirname "$(find "$0"/usr/share/doc -path "*/tcm-loop-dkms*/README.md")")"
		[ -e README.md ]
		for link in $(grep -o "]([^):]*)" README.md | tr -d "]()" | sort -u); do ls "$link"; done' "${1:-}"
}

works() { # works KERNEL TEST: in that kernel modprobe loads ours, and it does its work
	"$VM/boot" "$work" "$1" && "$VM/run" "$work" --limit 600 -- sh -ec '
		modprobe tcm_loop
		modinfo tcm_loop | grep -E "^(filename|version)"
		test "$(cat /sys/module/tcm_loop/srcversion)" = "$(modinfo -F srcversion tcm_loop)"
		cd selftests && ./run "$1"' sh "$2"
}

# With systemd: what a user configured, saved and put into fstab is there after each of two reboots, though targetcli
# saved again while there was a disk that it cannot name.  An upgrade of the command, and one of rtslib, which restarts
# what restores targetcli's, take no disk in use.  The machine goes down with file systems mounted, one of them on a disk
# whose image is on another disk, and none is left when it is down.
reboots() { # reboots KERNEL
	local there boot
	as_root cp "$work/tree/debs-next/tcm-loop-utils_$version+1_all.deb" "$work/root/srv/next.deb"
	# shellcheck disable=SC2016 # expanded in the guest
	there='
		udevadm settle
		for _ in $(seq 60); do mountpoint -q /mnt && break; sleep 1; done
		grep "before the reboot" /mnt/file
		test "$(cat /sys/module/tcm_loop/srcversion)" = "$(modinfo -F srcversion tcm_loop)"
		tcm-loop list
		tcm-loop list --json | grep by_id | sort | diff - /srv/names
		systemctl is-active rtslib-fb-targetctl.service tcm-loop.service
		tcm-loop targetcli saveconfig
		disk() { tcm-loop list | sed -n "s,^$1  *\(/dev/[a-z]*\).*,\1,p"; }
		mkdir -p /media/fc /media/inner
		[ -e /srv/before ] || mkfs.ext4 -q "$(disk fc1)"
		mount "$(disk fc1)" /media/fc
		if [ -e /srv/before ]; then grep . /media/fc/before; fi
		tcm-loop create --name inner --file /media/fc/inner.img --size 16M
		udevadm settle
		[ -e /srv/before ] || mkfs.ext4 -q "$(disk inner)"
		mount "$(disk inner)" /media/inner
		if [ -e /srv/before ]; then grep . /media/inner/before; fi
		echo before | tee /srv/before /media/fc/before >/media/inner/before'
	# shellcheck disable=SC2016
	set -- "$1" '
		systemctl is-system-running || systemctl --failed
		targetcli /backstores/fileio create disk1 /srv/disk1.img 64M
		targetcli /loopback create naa.5001405000000001
		targetcli /loopback/naa.5001405000000001/luns create /backstores/fileio/disk1
		targetcli saveconfig
		printf "[fc1]\nfile = /srv/fc1.img\nsize = 64M\nprotocol = fc\n" >/etc/tcm-loop.conf
		systemctl reload tcm-loop.service
		udevadm settle
		disk=$(find /dev/disk/by-id -lname "*/$(lsscsi | sed -n "s,.*disk1 .*/dev/,,p" | tr -d " ")" -name "wwn-*")
		test -b "$disk"
		mkfs.ext4 -q "$disk"
		echo "$disk /mnt ext4 nofail,_netdev,x-systemd.device-timeout=120 0 0" >>/etc/fstab
		systemctl daemon-reload
		mount /mnt && echo "before the reboot" >/mnt/file
		tcm-loop list --json | grep by_id | sort >/srv/names
		modprobe -r tcm_loop 2>/dev/null && exit 1
		rm -f /usr/sbin/policy-rc.d
		dpkg -i /srv/next.deb
		dpkg-query -W tcm-loop-utils | grep -F "+1"
		systemctl reload tcm-loop.service
		# Old versions of systemd know no ExecCondition=.
		systemctl restart rtslib-fb-targetctl.service || [ "$(systemctl --version | sed -n "s/^systemd \([0-9]*\).*/\1/p")" -lt 243 ]
		sync'"$there" "$there" "$there"
	"$VM/boot" "$work" "$1"
	shift
	for boot; do
		"$VM/run" "$work" --systemd --limit 600 --log "$work/log" -- sh -ec "$boot" && grep -a "All filesystems unmounted" "$work/log" || return
	done
}

# The project's own files, also where there is no git to tell which they are.
tree_files() {
	git -c safe.directory="$TOP" ls-files -z 2>/dev/null && return
	find . -type f -not -path './build/*' -not -path './.git/*' -print0
}

# A copy of the committed tree for each version: the first, the next one, and
# one that does not compile.
tree() { # tree FOLDER VERSION [PROGRAM FOR SED ON src/module.c]
	cp -a "$work/tree/tcm-loop" "$work/tree/$1"
	sed -i "1s/(.*)/($2)/" "$work/tree/$1/debian/changelog"
	sed -i "s/^PACKAGE_VERSION=.*/PACKAGE_VERSION=\"$2\"/" "$work/tree/$1/dkms.conf"
	sed -i "s/^Version: .*/Version: $2/; s/ - $version-1\$/ - $2-1/" "$work/tree/$1/rpm/tcm-loop-dkms.spec"
	[ $# -lt 3 ] || sed -i "$3" "$work/tree/$1/src/module.c"
}

as_root rm -rf "$work"
mkdir -p "$work/tree/tcm-loop" "$CACHE/apt/$(basename "$work")/partial"
(cd "$TOP" && tree_files | tar -c --null -T -) | tar -C "$work/tree/tcm-loop" -x
tree one "$version"
tree next "$version+1"
tree broken "$version+2" '$a #error "made to fail"'
