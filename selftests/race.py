#!/usr/bin/env python3
# SPDX-License-Identifier: GPL-2.0-only
"""race.py nexus|scan TPG INITIATOR BACKSTORE: what happens while a LUN is being
unlinked.

nexus: one that is made meanwhile, at various moments, must not keep an entry for
the LUN: when its directory is removed and made again and linked, there is a disk.
Then nexuses are made and dropped while the LUN comes and goes.

scan: one of LUN 0, which may be asked linked or not, must not find the backstore
when the LUN's disk has gone already; that disk would be left over.
"""
import contextlib
import errno
import os
import sys
import threading
import time

from configfs import device_of, scan, write

what, tpg, initiator, backstore = sys.argv[1:]
lun = f"{tpg}/lun/lun_0"
stop = threading.Event()
TRIES = 40  # without a remedy, a disk is left over one time in six


def link():
    os.mkdir(lun)
    os.symlink(backstore, f"{lun}/backstore")


def unlink():
    os.unlink(f"{lun}/backstore")
    os.rmdir(lun)


def drop_nexus():
    try:
        write(f"{tpg}/nexus", "NULL")
    except OSError as e:
        if e.errno != errno.ENODEV:  # there is none
            raise


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


def try_nexus():
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
    drop_nexus()  # the last time it may have been refused
    if missing:
        sys.exit(f"no disk if the nexus is made so many milliseconds after the unlink begins: {', '.join(missing)}")


def try_scan():
    device = device_of(tpg, 0)
    looking = threading.Lock()

    def ask():
        while not stop.is_set():
            with looking:
                scan(tpg, 0)

    write(f"{tpg}/nexus", initiator)
    thread = threading.Thread(target=ask)
    thread.start()
    left = 0
    for _ in range(TRIES):
        link()
        unlink()
        with looking:
            if os.path.isdir(device):
                left += 1
                write(f"{device}/delete", "1")
    stop.set()
    thread.join()
    if left:
        sys.exit(f"{left} of {TRIES} times a disk was left over")


{"nexus": try_nexus, "scan": try_scan}[what]()
