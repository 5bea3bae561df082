# SPDX-License-Identifier: GPL-2.0-only
"""What the user is told."""
import contextlib
import os
import sys


def say(text):
    print(text, flush=True)


def say_table(rows):
    """The first row is the head of the columns."""
    widths = [max(len(row[column]) for row in rows) for column in range(len(rows[0]))]
    for row in rows:
        say("  ".join(cell.ljust(width) for cell, width in zip(row, widths)).rstrip())


def warn(text):
    # The journal takes the priority from the line.
    level = ""
    with contextlib.suppress(OSError, ValueError):
        found = os.fstat(sys.stderr.fileno())
        level = "<3>" if os.environ.get("JOURNAL_STREAM") == f"{found.st_dev}:{found.st_ino}" else ""
    for line in text.splitlines():
        print(f"{level}tcm-loop: {line}", file=sys.stderr, flush=True)
