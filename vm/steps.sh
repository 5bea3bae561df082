# SPDX-License-Identifier: GPL-2.0-only
# shellcheck shell=bash disable=SC2154 # logs comes from the script that sources this
# Steps, two at a time and beside them those that only compute, and the verdict on them.
# A script that sources this sets $logs, has a function run_step STEP, and calls all_steps
# STEP...
#
# A step is red if its command fails, if it makes no check, if one of its checks fails, if a
# test skips itself as a whole, or if its TAP is not whole: a plan is missing, or has another number than there are
# results, or these are not numbered from 1 on.  A step that leaves no verdict is red.  Counts are for people.
#
# $logs/STEP has what belongs to a step: its output, the kernel logs of its guests, a
# file of TAP for each selftest, its result.
#
# If $times is a table of the seconds that steps have taken, a step that takes half as
# long again is named, but not red.  $logs/times is such a table, of the first run that
# finds none: vm/check removes $logs before a run of all steps.

# The only check of a step that prints no TAP is its exit status.
is_one_check() { [[ $1 == lint || $1 == build-* ]]; }

# What boots no guest, and so has no time-outs that it would make late: such steps have one turn of their own, one
# after the other, with what the CPUs have left.  The guests wait half of the time.
only_computes() { [[ $1 == lint || $1 == build-* || $1 == probes-* || " command unit models plain fuzz source " == *" $1 "* ]]; }

# Nothing that prepares counts as a check.
prepares() { [[ $1 == root-* || $1 == kernel-* ]]; }

# counts OUTPUT: "passed failed skipped", and "whole" if every plan is kept.  Behind "# "
# is the TAP of a test that selftests/run has run.  Its own results, one for a test, are
# no checks.
counts() {
	awk '
		{ nested = sub(/^# /, "") }
		/^1\.\.[0-9]+/ {
			plans[nested]++
			planned[nested] += substr($1, 4)
			number[nested] = 0
			skipped += / # SKIP/
		}
		/^(not )?ok [0-9]+/ {
			results[nested]++
			number[nested]++
			if ($(/^not/ ? 3 : 2) + 0 != number[nested]) twice = 1
			if (/^(not )?ok [0-9]+ selftests: /) {
				tests++
				bad += /^not/ || / # SKIP/
			} else if (/^not/) failed++
			else if (/ # SKIP/) skipped++
			else passed++
		}
		END {
			whole = plans[0] && planned[0] == results[0] && planned[1] == results[1] && plans[1] == tests && !twice
			print passed + 0, failed ? failed : bad + 0, skipped + 0, whole ? "whole" : "broken"
		}' "$1"
}

# The command that repeats a step: what the step says itself in its first line, if it does.
again() {
	local command
	command=$(sed -n '1s/^again: //p' "$logs/$1/output" 2>/dev/null)
	echo "${command:-vm/check $1}"
}

# What a red step says of the reason, and how its output ends.  Of much that is wrong each thing comes first.
reason() {
	local output=$logs/$1/output excerpt
	excerpt=$(sed '/^again: /d' "$output" 2>/dev/null | grep -avE '^(# )*ok ' | grep -aE -A12 '^(# )*not ok|^vm:|(warning|[Ee]rror)\)?:' || true)
	{
		[ "$(wc -l <<<"$excerpt")" -le 60 ] || grep -aE '^(# )*not ok|^vm:' "$output" | head -n 60
		head -n 60 <<<"$excerpt"
		tail -n 5 "$output"
	} 2>/dev/null | cut -c 1-300 | sed 's/^/        /' || true
}

# A line for a step, and its verdict in its result: "red" or "green", the counts, the seconds
# that it took, and those of all CPUs.
report() { # report STEP STATUS SECONDS CPU_SECONDS
	local step=$1 status=$2 seconds=$3 cpu=$4 output=$logs/$1/output passed=0 failed=0 skipped=0 whole=whole why='' verdict=green
	if is_one_check "$step"; then
		passed=$((status == 0))
	elif ! prepares "$step"; then
		read -r passed failed skipped whole < <(counts "$output")
		[ "$passed" != 0 ] || why+=", no check passed"
		[ "$whole" = whole ] || why+=", a plan is missing or not kept"
	fi
	[ "$failed" = 0 ] || why+=", $failed checks failed"
	[ "$status" = 0 ] || why+=", exit status $status"
	if [ -z "$why" ]; then
		echo "ok      $step ($seconds s, CPUs $cpu s): $passed passed, $skipped skipped"
	else
		verdict=red
		echo "FAILED  $step ($seconds s, CPUs $cpu s): ${why#, }; $output says:"
		reason "$step"
		echo "        again: $(again "$step")"
	fi
	grep -aE '^(# )*(ok .*|1\.\.0 )# SKIP' "$output" | grep -v "selftests: tcm_loop" | sed -E "s/^(# )*/        skipped: /" || true
	[ "$verdict" = red ] || sed -n 's/^vm: \(.* is booted once more\); .*/        \1/p' "$output"
	echo "$verdict $passed $failed $skipped $seconds $cpu" >"$logs/$step/result"
}

# A file for each test that selftests/run has run, with its TAP.
split_tests() { # split_tests STEP
	awk -v dir="$logs/$1" '
		/^# selftests: tcm_loop: [a-z_]+\.sh$/ { file = dir "/" $NF; sub(/\.sh$/, ".tap", file); next }
		/^(not )?ok [0-9]+ selftests: / { if (file) close(file); file = ""; next }
		file { print substr($0, 3) >file }' "$logs/$1/output"
}

one_step() {
	local step=$1 start=$SECONDS status cpu
	set +m # what the step starts stays in its process group
	echo "        $step ..."
	mkdir -p "$logs/$step"
	export STEP_LOGS=$logs/$step # where vm/run leaves the kernel's log
	set +e # or no command of the step would be checked but the last
	(set -e && run_step "$step") >"$logs/$step/output" 2>&1 </dev/null
	status=$?
	set -e
	split_tests "$step"
	times >"$logs/$step/cpu" || true # the second line: of all that has ended
	cpu=$(awk -F '[ms ]+' 'NR == 2 { print int($1 * 60 + $2 + $3 * 60 + $4) }' "$logs/$step/cpu") || true
	report "$step" "$status" $((SECONDS - start)) "${cpu:-0}"
}

slower() { # slower STEP SECONDS
	local known
	if ! read -r known < <(row "$times" "$1"); then
		echo "slower: $1 $2 s, not in vm/times"
	elif (($2 * 2 > known * 3 && $2 > known + 20)); then
		echo "slower: $1 $2 s, $known s in vm/times"
	fi
}

# Every program of every step is in the process group of its step.
stop_steps() {
	local pid
	for pid in $(jobs -pr); do
		kill -TERM -- "-$pid" 2>/dev/null || true
	done
	echo "ended by a signal, without a verdict"
	exit 143
}

# all_steps STEP...: the status is 0 if all are green.
all_steps() {
	local step verdict p f s seconds cpu closing passed=0 failed=0 skipped=0 all_cpu=0 red=() took=() computing=() beside=0 beside_pid
	for step; do
		rm -rf "${logs:?}/$step"
	done
	set -m
	trap stop_steps INT TERM HUP
	for step; do
		! only_computes "$step" || computing+=("$step")
	done
	if [ ${#computing[@]} != 0 ]; then
		{
			set +me # not "||", in which bash ignores -e
			renice -n 19 -p $BASHPID >/dev/null
			for step in "${computing[@]}"; do
				(one_step "$step")
			done
		} &
		beside=1 beside_pid=$!
	fi
	for step; do
		! only_computes "$step" || continue
		while [ "$(jobs -pr | wc -l)" -ge $((2 + beside)) ]; do
			wait -n || true
			[ "$beside" = 0 ] || jobs -pr | grep -qx "$beside_pid" || beside=0
		done
		one_step "$step" &
	done
	wait
	set +m
	trap - INT TERM HUP

	for step; do
		verdict='' p=0 f=0 s=0 seconds='' cpu=0
		read -r verdict p f s seconds cpu <"$logs/$step/result" || true
		if [ "$verdict" != green ]; then
			red+=("$step")
			[ "${f:-0}" != 0 ] || f=1 # what is red without a failed check counts as one
		fi
		passed=$((passed + p)) failed=$((failed + f)) skipped=$((skipped + s)) all_cpu=$((all_cpu + ${cpu:-0}))
		[ -z "$seconds" ] || took+=("$step $seconds")
		# What prepares takes as long as what it does not find.
		[ -z "$seconds" ] || [ -z "${times:-}" ] || prepares "$step" || slower "$step" "$seconds"
	done
	closing="$passed passed, $failed failed, $skipped skipped"
	[ -e "$logs/times" ] || {
		echo "# STEP SECONDS of $(git -C "$TOP" describe --always --dirty --exclude '*'): $closing"
		printf '%s\n' "${took[@]}" | LC_ALL=C sort
	} 2>/dev/null >"$logs/times" || true
	# Of a long output the end is what is kept: all that is known of what is red is there once more.
	for step in "${red[@]}"; do
		echo "red: $step; again: $(again "$step")"
		reason "$step"
	done
	echo "$((SECONDS / 60)) min $((SECONDS % 60)) s, CPUs $((all_cpu / 60)) min $((all_cpu % 60)) s"
	echo "$closing"
	[ $# != 0 ] && [ ${#red[@]} = 0 ]
}
