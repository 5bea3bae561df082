#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# libiscsi's SCSI conformance tests on loopback disks of each protocol over each
# backstore.  conformance.known has the tests that fail, and why; any other
# failure fails here, and so does any change of the numbers that doc/clients.md
# has for this kernel.  CONFORMANCE="rd_mcp fileio iblock user" chooses the backstores.
. "$(dirname "$0")/clients.sh"
begin_test
command -v iscsi-test-cu >/dev/null || skip_all "needs iscsi-test-cu (package libiscsi-bin)"
load_module
known=$(dirname "$0")/conformance.known
document=$(dirname "$0")/../doc/clients.md
series=$(uname -r | cut -d . -f 1,2)
declare -A column=([rd_mcp]=4 [fileio]=5 [iblock]=6 [user]=7) # of the document's table
modprobe -q brd rd_nr=1 rd_size=65536

# The suites of the tool but those that crash it on any /dev/sg device.
suites() {
	iscsi-test-cu --list 2>/dev/null | grep -oE '^ *SCSI\.[A-Za-z0-9]+$' | tr -d ' ' | grep -vE 'ExtendedCopy|ReceiveCopyResults|ReportLUNs'
}

# "passed", "skipped" or "failed" and the test's name, for each test.
results() { # results SG
	local suite
	for suite in $(suites); do
		timeout 120 iscsi-test-cu --dataloss --verbose --test="$suite" "$1" 2>&1 | awk '
			function flush() { if (name) print result, name; name = "" }
			/^ *Suite: / { flush(); suite = $2 }
			/^ *Test: / { flush(); name = suite "." $2; result = "passed" }
			/\[SKIPPED\]/ { result = "skipped" }
			/FAILED/ { result = "failed" }
			END { flush() }'
		[ "${PIPESTATUS[0]}" -lt 124 ] || echo "failed $suite.crash"
	done
}

# What the document's row of this kernel says in the backstore's column.
documented() { # documented BACKSTORE
	[ ! -e "$document" ] || awk -F ' *[|] *' -v series="$series" -v column="${column[$1]}" \
		'$2 ~ "^" series "[.]" && $(column) ~ /^[0-9]+ \/ [0-9]+ \/ [0-9]+$/ { print $(column) }' "$document"
}

conformance() { # conformance BACKSTORE WWN INITIATOR
	local backstore=$1 wwn=$2 log=/tmp/conformance.$1 counts expected
	make_tpg "$wwn" 1 "$3"
	link_lun "$wwn" 1 0 "$backstore"_0/conformance
	results "$(sg_of "$wwn" 1 0)" >"$log"
	counts=$(awk '{ count[$1]++ } END { print count["passed"] + 0 " / " count["skipped"] + 0 " / " count["failed"] + 0 }' "$log")
	say "$backstore, ${wwn%%.*}: passed / skipped / failed: $counts"
	awk '$1 == "failed" { print $2 }' "$log" | sort >"$log.failed"
	grep -v '^#' "$known" | awk -v backstore="$backstore" '$1 == backstore || $1 == "*" { print $2 }' | sort -u >"$log.known"
	check "$backstore, ${wwn%%.*}: tests ran" test "$(grep -c '^passed' "$log")" -gt 60
	check_equal "$backstore, ${wwn%%.*}: no test fails that is not known" "" "$(comm -23 "$log.failed" "$log.known")"
	expected=$(documented "$backstore")
	if [ -n "$expected" ]; then
		check_equal "$backstore, ${wwn%%.*}: the numbers in doc/clients.md" "$expected" "$counts"
	else
		skip "$backstore, ${wwn%%.*}: the numbers in doc/clients.md" "it has none for Linux $series"
	fi
	remove_tpg "$wwn" 1
	rmdir "$loopback/$wwn"
}

wanted() { [[ " ${CONFORMANCE:-${!column[*]}} " == *" $1 "* ]]; }
make_ramdisk conformance 32
wanted rd_mcp && conformance rd_mcp $naa $naa_initiator
make_fileio conformance 32 /tmp/conformance.img
wanted fileio && conformance fileio $fc $fc_initiator
if [ -b /dev/ram0 ] && wanted iblock; then
	make_iblock conformance /dev/ram0
	conformance iblock $iqn $iqn_initiator
fi
rm -f /tmp/conformance.img
if command -v tcmu-runner >/dev/null && modprobe -q target_core_user && wanted user; then
	trap 'clean_up; stop_tcmu_runner; rm -rf /tmp/tcmu' EXIT
	start_tcmu_runner
	make_user conformance 32
	conformance user $naa $naa_initiator
fi
finish
