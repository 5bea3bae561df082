# SPDX-License-Identifier: GPL-2.0-only
"""Disks of the SCSI loopback target: what the command tcm-loop is made of."""
VERSION = "3.0.0"
