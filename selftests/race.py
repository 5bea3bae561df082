#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""race.py TPG INITIATOR BACKSTORE: a nexus made while a LUN is being unlinked,
at various moments, must not keep an entry for it: when the LUN's directory is
removed and made again and linked, there is a disk.

Then nexuses are made and dropped while the LUN comes and goes.
"""
import contextlib
import os
import sys
import threading
import time

from configfs import device_of, write

tpg, initiator, backstore = sys.argv[1:]
lun = f"{tpg}/lun/lun_0"
stop = threading.Event()


def link():
    os.mkdir(lun)
    os.symlink(backstore, f"{lun}/backstore")


def unlink():
    os.unlink(f"{lun}/backstore")
    os.rmdir(lun)


def made_while_unlinked(delay):
    """Is there a disk afterwards?"""
    link()
    thread = threading.Thread(target=unlink)
    thread.start()
    time.sleep(delay)
    write(f"{tpg}/nexus", initiator)
    thread.join()
    link()
    there = os.path.isdir(device_of(tpg, 0))
    unlink()
    write(f"{tpg}/nexus", "NULL")
    return there


def come_and_go():
    while not stop.is_set():
        link()
        unlink()


delays = 0, 0.001, 0.002, 0.004, 0.008, 0.016, 0.05, 0.1
missing = [f"{1000 * delay:.0f}" for delay in delays if not made_while_unlinked(delay)]

thread = threading.Thread(target=come_and_go)
thread.start()
for _ in range(20):
    with contextlib.suppress(FileExistsError):
        write(f"{tpg}/nexus", initiator)
    with contextlib.suppress(PermissionError):  # the LUN is linked
        write(f"{tpg}/nexus", "NULL")
stop.set()
thread.join()
if missing:
    sys.exit(f"no disk if the nexus is made so many milliseconds after the unlink begins: {', '.join(missing)}")
