#!/bin/sh
# SPDX-License-Identifier: GPL-2.0-only
#
# compat/ask.sh DIR COMPILER [ARGUMENT...]: ask the compiler what this kernel has, and
# write the answers to DIR/tcm_loop_probed.h.  compat/probes/table has what may be asked,
# and what must not be answered with no.
#
# First all is asked at once, with what the newest known kernel has at the beginning, so
# that no error comes before it.  The answers stand if each of the others has an error
# of its own: if they are exactly those of the newest known kernel, or, asked again in
# the order of another known one, exactly that one's.  Only of a kernel that is not known
# is each thing asked alone.
#
# COMPAT_PROBES=each asks each thing alone, COMPAT_PROBES=FILE takes the answers from a
# file: a name in a line is a yes.  ALLOW_UNKNOWN=1 builds also where a thing has none of
# the known forms, and marks the module.
set -eu
here=$(dirname "$0")/probes
out=$1
table=$out/table
shift
LC_ALL=C
export LC_ALL
mkdir -p "$out"
grep -v '^#' "$here/table" >"$table"

probes=$(awk '$2 ~ /^(control|fatal|slow|neutral)$/ { print $1 }' "$table")
kernels=$(awk '$1 == "probe" { for (i = NF - 1; i > 2; i--) print $i }' "$table")

# pinned KERNEL +|-: what a known kernel has, or has not
pinned() {
	awk -v kernel="$1" -v answer="$2" '
		$1 == "probe" { for (i = 3; i < NF; i++) if ($i == kernel) column = i }
		column && $column == answer { print $1 }' "$table"
}

# unit FILE...: the probes as one translation unit, each under names of its own
unit() {
	awk '
		FNR == 1 {
			name = FILENAME
			sub(/.*\//, "", name)
			sub(/\.c$/, "", name)
			text = text "#line 1 \"" name ".c\"\n"
		}
		/^#include/ {
			if (!($0 in included)) print
			included[$0]
			$0 = ""
		}
		{
			gsub(/probe/, name "_probe")
			text = text $0 "\n"
		}
		END { printf "%s", text }' "$@"
}

# refused LOG: the probes of which the compiler complains.  Old compilers only warn of
# some things that are wrong.
refused() {
	awk -F : '
		$1 ~ /^[A-Za-z0-9_.\/+-]*\.c$/ && (/: (fatal )?error: / ||
		/: warning: .*(incompatible (function )?pointer|without a cast|to (integer|pointer) conversion|implicit declaration)/) {
			sub(/.*\//, "", $1)
			sub(/\.c$/, "", $1)
			print $1
		}' "$1" | sort -u
}

# at_once KERNEL COMPILER...: what all but those without an error are, in $out/no
at_once() {
	kernel=$1 files=
	shift
	for probe in $(pinned "$kernel" +) $(pinned "$kernel" -); do
		files="$files $here/$probe.c"
	done
	# shellcheck disable=SC2086 # a list
	unit $files >"$out/all.c"
	! "$@" -fsyntax-only "$out/all.c" 2>"$out/all.log" || return
	refused "$out/all.log" >"$out/no"
}

# is_known COMPILER...: is it a kernel whose answers are known?  Then it is $known.
is_known() {
	for first in $kernels; do break; done
	at_once "$first" "$@" || return
	for known in $kernels; do
		[ "$(pinned "$known" - | sort)" = "$(cat "$out/no")" ] || continue
		[ "$known" != "$first" ] || return 0
		at_once "$known" "$@" && [ "$(pinned "$known" - | sort)" = "$(cat "$out/no")" ]
		return
	done
	return 1
}

alone() { # alone PROBE COMPILER...
	probe=$1
	shift
	if "$@" -fsyntax-only "$here/$probe.c" 2>"$out/$probe.log" && [ -z "$(refused "$out/$probe.log")" ]; then
		echo "$probe" >"$out/$probe.yes"
	fi
}

one_by_one() { # one_by_one COMPILER...
	jobs=$(getconf _NPROCESSORS_ONLN 2>/dev/null) || jobs=2
	running=0
	rm -f "$out"/*.yes
	for probe in $probes; do
		alone "$probe" "$@" &
		running=$((running + 1))
		[ $((running % jobs)) != 0 ] || wait
	done
	wait
	cat "$out"/*.yes >"$out/yes" 2>/dev/null || : # none, if the compiler is not the kernel's
}

stop() {
	printf 'tcm_loop: %s\n' "$@" >&2
	exit 1
}

known=
case ${COMPAT_PROBES:-} in
each) one_by_one "$@" ;;
?*) cat "$COMPAT_PROBES" >"$out/yes" ;;
*)
	if is_known "$@"; then
		pinned "$known" + >"$out/yes"
	else
		known=
		echo "  PROBES  one by one: this is none of the kernels whose answers are known"
		one_by_one "$@"
	fi
	;;
esac
grep -qx control_compiles "$out/yes" || {
	cat "$out/control_compiles.log" >&2
	stop "the compiler does not compile what every kernel has; see above"
}
! grep '^control_' "$out/yes" | grep -vx control_compiles >&2 ||
	stop "the compiler compiles what no kernel has: its answers would mean nothing"

# The verdict: "unknown THING" for each thing of which there is not exactly one form, then
# a line for each probe: "has", "not" or "slow".
awk '
	NR == FNR { has[$1]; next }
	$1 == "thing" { things[++count] = $2; $1 = $2 = ""; says[things[count]] = substr($0, 3) }
	$1 == "form" {
		fits = 1
		for (i = 3; i <= NF; i++) {
			name = $i
			wanted = !sub(/^!/, "", name)
			if ((name in has) != wanted) fits = 0
		}
		forms[$2] += fits
	}
	$2 ~ /^(fatal|slow|neutral)$/ {
		class = $2
		name = $1
		print (name in has ? "has" : "not"), name
		if (!(name in has) && class == "slow") {
			while ($1 != "") { sub(/^[^ \t]+[ \t]*/, ""); if ($1 !~ /^[-+]$/ && $1 != class) break }
			print "slow", name ": " $0
		}
	}
	END { for (i = 1; i <= count; i++) if (forms[things[i]] != 1) print "unknown", says[things[i]] }' \
	"$out/yes" "$table" | sort >"$out/verdict"

if grep -q '^unknown' "$out/verdict"; then
	sed -n 's/^unknown /tcm_loop: this kernel has an unknown form of: /p' "$out/verdict" >&2
	[ -n "${ALLOW_UNKNOWN:-}" ] || stop "it is not built for this kernel, whose own module stays in place;" \
		"tcm_loop(4), \"UNKNOWN KERNELS\", says what to do"
fi
[ -n "$known" ] || sed -n 's/^slow /  SLOWER  no /p' "$out/verdict"
{
	echo "/* The answers of $(if [ -n "$known" ]; then echo "$known"; else echo "a kernel that was asked one by one"; fi) */"
	sed -n 's/^has \(.*\)/#define COMPAT_HAS_\1 1/p; s/^not \(.*\)/\/* no \1 *\//p' "$out/verdict"
	sed -n 's/^unknown \(.*\)/\1/p' "$out/verdict" | paste -s -d ';' - | sed -n 's/..*/#define COMPAT_UNKNOWN "&"/p'
} >"$out/tcm_loop_probed.h.new"
mv "$out/tcm_loop_probed.h.new" "$out/tcm_loop_probed.h"
echo "  HAS     $(sed -n 's/^has //p' "$out/verdict" | tr '\n' ' ')"
echo "  HAS NOT $(sed -n 's/^not //p' "$out/verdict" | tr '\n' ' ')"
