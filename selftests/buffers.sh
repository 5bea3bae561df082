#!/bin/bash
# SPDX-License-Identifier: GPL-2.0-only
#
# Commands whose data lies in several pieces of memory, sent by a program with SG_IO.
. "$(dirname "$0")/targets.sh"
begin_test
load_module
command -v python3 >/dev/null || skip_all "needs python3"

pieces() { # pieces ARGUMENTS...: of buffers.py; what is no result is told, too
	./buffers.py "$@" >/tmp/buffers 2>&1 && return
	grep -v '^ok ' /tmp/buffers
	return 1
}

make_ramdisk memory 8
make_fileio file-512 8 /tmp/buffers.img
make_fileio file-4096 8 /tmp/buffers-4096.img
write 4096 $core/fileio_0/file-4096/attrib/block_size
make_tpg $naa 1 $naa_initiator
lun=0
for backstore in "rd_mcp_0/memory 512" "fileio_0/file-512 512 write-same" "fileio_0/file-4096 4096 write-same"; do
	read -ra words <<<"$backstore"
	link_lun $naa 1 $lun "${words[0]}"
	disk=$(disk_of $naa 1 $lun)
	at_rest "$disk"
	check "data in pieces: $backstore" pieces "$disk" "${words[@]:1}"
	lun=$((lun + 1))
done

# What has a bounce buffer has a limit, so that without memory it does not wait for ever.
report_luns() { # report_luns SIZE: through sg, whose pages are large; its status and sense key
	python3 - "$(sg_of $naa 1 0)" "$1" <<-END
	import os, sys, sg
	header, sense, _ = sg.command(os.open(sys.argv[1], os.O_RDWR), bytes((0xa0, 0, 0, 0, 0, 0)) + int(sys.argv[2]).to_bytes(4, "big") + bytes(2), room=int(sys.argv[2]))
	print(header.status, sense[2:3].hex())
	END
}
check_equal "REPORT LUNS with 1 MiB" "0 " "$(report_luns $((1 << 20)))"
if [ -e $loopback/$naa/tpgt_1/held ]; then
	check_equal "REPORT LUNS with more is refused" "2 05" "$(report_luns $(((1 << 20) + 4096)))"
else
	skip "REPORT LUNS with more is refused" "this module has no bounce buffer"
fi
finish
