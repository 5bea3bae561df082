# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2034 # variables for those who source this
# What the lab's scripts share: where things are, and how to be root.

VM=$(cd "$(dirname "${BASH_SOURCE[0]}")" && pwd)
TOP=$(dirname "$VM")
CACHE=${XDG_CACHE_HOME:-$HOME/.cache}/tcm-loop
MIRROR=${DEBIAN_MIRROR:-http://deb.debian.org/debian}
mkdir -p "$CACHE"
# What the module is built from.
MODULE_FILES=(dkms.conf Kbuild src include compat)
# Programs that a Debian root image has in sbin.
PATH=$PATH:/usr/sbin:/sbin

say() { echo "vm: $*" >&2; }

die() {
	say "$*"
	exit 1
}

# as_root COMMAND...: as root, or as root of a user namespace of our own.
as_root() {
	if [ "$(id -u)" = 0 ]; then
		"$@"
	else
		unshare --map-root-user --map-auto --mount "$@"
	fi
}

# in_root ROOT [HOST:GUEST ...] -- COMMAND...: in a root image, with /dev and
# /proc, and with folders of the host's mounted on folders of the guest's.
#
# The mounts are in a name space of their own.  In a chroot that cannot be made
# private, so there each is a single mount, and all are undone.
in_root() {
	local space=(--mount) bind=--rbind
	if ! as_root unshare --mount true 2>/dev/null; then
		space=(--mount --propagation unchanged)
		bind=--bind
	fi
	# shellcheck disable=SC2016 # expanded by the inner shell
	as_root unshare "${space[@]}" sh -ec '
		bind=$1 root=$2 mounted= status=0
		shift 2
		trap "for dir in \$mounted; do umount -R -l \$dir; done" EXIT
		add() {
			mkdir -p "$root$3"
			mount "$1" "$2" "$root$3"
			mounted="$root$3 $mounted"
		}
		add $bind /dev /dev
		add $bind /proc /proc
		while [ "$1" != -- ]; do
			add --bind "${1%%:*}" "${1#*:}"
			shift
		done
		shift
		chroot "$root" "$@" || status=$?
		exit $status' sh "$bind" "$@"
}

# row TABLE NAME: the line of NAME, without the name; fails if there is none.
row() {
	awk -v name="$2" '$1 == name { $1 = ""; print; found = 1 } END { exit !found }' "$1"
}

names() { awk '!/^#/ { printf "%s%s", sep, $1; sep = " " }' "$1"; } # names TABLE

release() { # release NAME: its row
	row "$VM/releases" "$1" || die "no release \"$1\"; there are: $(release_names), the kernels $(kernel_names), and the machines $(names "$VM/machines")"
}
release_names() { names "$VM/releases"; }

machine() { row "$VM/machines" "$1"; } # machine NAME: the row of a machine of another kind, if it is one
folder_of() { # folder_of NAME: what it is built with and boots, made if there is none
	if machine "$1" >/dev/null; then
		"$VM/machine" "$1"
	else
		"$VM/root" "$(home_of "$1")"
	fi
}

built_kernel() { row "$VM/kernels/table" "$1"; } # built_kernel NAME: the row of a kernel that is built here, if it is one
kernel_names() { names "$VM/kernels/table"; }

# The release in whose root a kernel is built and run.
home_of() {
	if built_kernel "$1" >/dev/null; then
		echo backports
	else
		echo "$1"
	fi
}

is_uml() {
	local arch
	read -r arch _ < <(built_kernel "$1")
	[ "$arch" = um ]
}

# vm/plan, each row in a line.
plan() { sed -E '/^#|^$/d' "$VM/plan" | sed -E ':a; N; $!ba; s/\n[ \t]+/ /g'; }
plan_kernels() { plan | awk -v tier="$1" '$1 == tier { print $2 }'; } # plan_kernels TIER
plan_row() { plan | awk -v tier="$1" -v kernel="$2" '$1 == tier && $2 == kernel { $1 = $2 = ""; print }'; } # plan_row TIER KERNEL

mutant_says() { sed -n "/^diff /q; s/^$2: //p" "$1"; } # mutant_says PATCH LABEL: of selftests/mutants, before its diff

# What a release's kernel answers to compat/probes with yes: as compat/probes/table has it,
# and as a build of the kernel in a folder has found it.
pinned() { # pinned RELEASE
	awk -v kernel="$1" '
		/^#/ { next }
		$1 == "probe" { for (i = 3; i < NF; i++) if ($i == kernel) column = i }
		column && $column == "+" && $2 != "control" { print $1 }' "$TOP/compat/probes/table" | sort
}
probed() { sed -n 's/^#define COMPAT_HAS_\(.*\) 1/\1/p' "$1/compat/probed-$2/tcm_loop_probed.h" | sort; } # probed FOLDER KERNEL

# key FILE...: a short name for the contents of files.
key() { cat "$@" | sha256sum | cut -c1-12; }

# locked NAME COMMAND...: one at a time; who waits finds the work done.
locked() {
	local lock=$1
	shift
	mkdir -p "$CACHE/locks"
	(
		flock 9
		"$@"
	) 9>"$CACHE/locks/$lock"
}

# timed WHAT COMMAND...: say what takes long, that it goes on, and how long it took.
timed() {
	local what=$1 start=$SECONDS ticker
	shift
	say "$what ..."
	while sleep 30 && kill -0 $$ 2>/dev/null; do
		say "$what: $((SECONDS - start)) s so far"
	done >/dev/null &
	ticker=$!
	"$@"
	kill $ticker
	say "$what: $((SECONDS - start)) s"
}

# Checks of the lab's own, as TAP: tap DESCRIPTION COMMAND..., at last tap_end.
tap_number=0 tap_failed=0
tap() {
	local what=$1 output
	shift
	tap_number=$((tap_number + 1)) tap_ok=1
	if output=$("$@" 2>&1); then
		echo "ok $tap_number - $what"
	else
		echo "not ok $tap_number - $what"
		sed 's/^/# /' <<<"$*"
		tail -n 40 <<<"$output" | sed 's/^/#   /'
		tap_failed=1 tap_ok=
	fi
}
tap_equal() { tap "$1" tap_same "$2" "$3"; }
tap_same() { [ "$1" = "$2" ] || { printf 'expected: %s\nactual:   %s\n' "$1" "$2"; return 1; }; }
tap_end() {
	echo "1..$tap_number"
	return $tap_failed
}
