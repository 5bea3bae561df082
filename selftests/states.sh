#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Every operation in every state of a target, as the model in states.py says.
. "$(dirname "$0")/targets.sh"
begin_test
load_module

make_ramdisk states 8
mkdir -p $loopback
python3 "$(dirname "$0")/states.py"
status=$?
clean_up
exit $status
