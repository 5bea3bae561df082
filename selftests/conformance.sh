#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# libiscsi's SCSI conformance tests on loopback disks of each protocol over each
# backstore.  conformance.known has the tests that fail, and why; any other
# failure fails here.  CONFORMANCE="rd_mcp fileio iblock" chooses the backstores.
. "$(dirname "$0")/lib.sh"
command -v iscsi-test-cu >/dev/null || skip_all "needs iscsi-test-cu (package libiscsi-bin)"
load_module
known=$(dirname "$0")/conformance.known
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

conformance() { # conformance BACKSTORE WWN INITIATOR
	local backstore=$1 wwn=$2 log=/tmp/conformance.$1 counts
	make_tpg "$wwn" 1 "$3"
	link_lun "$wwn" 1 0 "$backstore"_0/conformance
	results "$(sg_of "$wwn" 1 0)" >"$log"
	counts=$(awk '{ count[$1]++ } END { print count["passed"] + 0 " passed, " count["skipped"] + 0 " skipped, " count["failed"] + 0 " failed" }' "$log")
	say "$backstore, ${wwn%%.*}: $counts"
	awk '$1 == "failed" { print $2 }' "$log" | sort >"$log.failed"
	grep -v '^#' "$known" | awk -v backstore="$backstore" '$1 == backstore || $1 == "*" { print $2 }' | sort -u >"$log.known"
	check "$backstore, ${wwn%%.*}: tests ran" test "$(grep -c '^passed' "$log")" -gt 60
	check_equal "$backstore, ${wwn%%.*}: no test fails that is not known" "" "$(comm -23 "$log.failed" "$log.known")"
	remove_tpg "$wwn" 1
	rmdir "$loopback/$wwn"
}

wanted() { [[ " ${CONFORMANCE:-rd_mcp fileio iblock} " == *" $1 "* ]]; }
make_ramdisk conformance 32
wanted rd_mcp && conformance rd_mcp $naa $naa_initiator
make_fileio conformance 32 /tmp/conformance.img
wanted fileio && conformance fileio $fc $fc_initiator
if [ -b /dev/ram0 ] && wanted iblock; then
	make_iblock conformance /dev/ram0
	conformance iblock $iqn $iqn_initiator
fi
rm -f /tmp/conformance.img
finish
