# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # begin_test in targets.sh, which sources this, sets the variables
# TAP version 13, as kselftest has it; set-up that must succeed; and waiting.

set -u

say() { echo "# $*"; }

skip_all() {
	echo "1..0 # SKIP $*"
	exit 4
}

not_ok() { # not_ok DESCRIPTION: of the check whose number is $checks
	echo "not ok $checks - $1"
	{ echo "tcm_loop selftests: not ok $checks - $1" >/dev/kmsg; } 2>/dev/null
}

check() { # check DESCRIPTION COMMAND...: the command must succeed
	local what=$1 output may_fail=1
	shift
	checks=$((checks + 1))
	if output=$("$@" 2>&1); then
		echo "ok $checks - $what"
		return 0
	fi
	failures=$((failures + 1))
	not_ok "$what"
	say "$*" | head -c 500 | head -n 1
	[ -z "$output" ] || head -n 30 <<<"$output" | sed 's/^/#   /'
	return 1
}

check_equal() { # check_equal DESCRIPTION EXPECTED ACTUAL
	check "$1" equal "$2" "$3"
}

equal() {
	[ "$1" = "$2" ] && return
	echo "expected: $1"
	echo "actual:   $2"
	return 1
}

skip() { # skip DESCRIPTION REASON: one check that cannot be made here
	checks=$((checks + 1))
	echo "ok $checks - $1 # SKIP $2"
}

refused() { # refused ERRNO COMMAND...: the command fails for that reason
	local reason=$1 output may_fail=1
	shift
	if output=$("$@" 2>&1); then
		echo "accepted: $*"
		return 1
	fi
	[[ $output == *"$reason"* ]] || {
		echo "expected \"$reason\", but: $output"
		return 1
	}
}

has() { # has REGEX TEXT: in whatever case
	grep -qiE -- "$1" <<<"$2" || { echo "no \"$1\" in:"; echo "$2"; return 1; }
}

# Set-up.  Where a failure is an answer, in a check and in wait_for, $may_fail is set.
# Elsewhere it is a check that fails, and ends the test: what follows would be noise.

failed() { # failed ARGUMENT...: the function that calls this could not do what it was told
	local level=1
	[ -z "$may_fail" ] || return 1
	while [ "${BASH_SOURCE[level]}" != "$0" ]; do level=$((level + 1)); done
	# $(disk_of ...) is a subshell: the test's own shell hears of it by a signal.
	checks=$((checks + 1)) not_ok "set-up, line ${BASH_LINENO[level - 1]}: ${FUNCNAME[1]}${*:+ $*}" >&2
	kill -USR1 $$
	exit 1
}

write() { printf '%s' "$1" >"$2" || failed "$@"; }

# A limit is for a machine that has nothing else to do.  When it is over, the machine tells how slow it is at that
# moment: a slow one has up to four times as long.
slowness() { # sets $slow, 1 to 4: how many times 0.2 s as many processes take that a calm machine starts in less
	local start=${EPOCHREALTIME-0} # of bash 5, with the decimal point of the locale
	for slow in {1..20}; do (:); done
	slow=${EPOCHREALTIME-0}
	slow=$(((${slow/[.,]/} - ${start/[.,]/}) / 200000))
	slow=$((slow < 1 ? 1 : slow > 4 ? 4 : slow))
}

# Waiting starts no program where that can be had: a slow machine has better to do.  Before 5.2 bash may wait forever in
# "read -t": the alarm that ends it may come before it reads.
pause() { # a twentieth of a second, or a tenth
	if ((BASH_VERSINFO[0] * 100 + BASH_VERSINFO[1] >= 502)); then
		read -rt 0.05 -u "$silence" || : # the status of the loop
	else
		sleep 0.1
	fi
}

# A machine may stand still, and its clock go on: a look takes no more than a quarter of the limit.
wait_at_most() { # wait_at_most SECONDS COMMAND...: on a slow machine, too
	local limit=$1 left=$1 looked=$SECONDS took may_fail=1
	shift
	until "$@" >/dev/null 2>&1; do
		[ "$left" -gt 0 ] || { "$@"; return; }
		pause
		took=$((SECONDS - looked)) looked=$SECONDS
		left=$((left - (took > limit / 4 + 1 ? limit / 4 + 1 : took)))
	done
}

wait_for() { # wait_for SECONDS COMMAND...
	local slow
	wait_at_most "$@" >/dev/null 2>&1 && return
	slowness
	wait_at_most $(((slow - 1) * $1)) "${@:2}"
}

gone() { ! kill -0 "$1" 2>/dev/null; } # gone PID

within() { # within SECONDS COMMAND...: it succeeds, and takes no longer
	local start=$SECONDS limit=$1 late=''
	shift
	"$@" &
	wait_for $((limit + 1)) gone $! || late=1
	wait $! || return
	[ -z "$late" ] || { echo "took $((SECONDS - start)) s, limit $limit s"; return 1; }
}
