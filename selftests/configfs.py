# SPDX-License-Identifier: GPL-2.0-only
"""What the selftests in Python share: where things are, and how to write to them."""
import os

CONFIG = "/sys/kernel/config/target"
LOOPBACK = f"{CONFIG}/loopback"


def write(path, text):
    """One write(), whose errno is the attribute's answer; text may be bytes."""
    fd = os.open(path, os.O_WRONLY)
    try:
        os.write(fd, text if isinstance(text, bytes) else text.encode())
    finally:
        os.close(fd)


def device_of(tpg, lun):
    """The scsi_device's folder in sysfs, whether it is there or not."""
    with open(f"{tpg}/address") as f:
        return f"/sys/bus/scsi/devices/{f.read().strip()}:{lun}"


def scan(tpg, lun):
    """Ask for one LUN, as a user would; returns when the scan is over."""
    host, _, tpgt, lun = os.path.basename(device_of(tpg, lun)).split(":")
    write(f"/sys/class/scsi_host/host{host}/scan", f"0 {tpgt} {lun}")
