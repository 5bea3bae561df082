# SPDX-License-Identifier: GPL-2.0-only
"""The file system, an operation at a time.  All that the command sees and changes goes through it."""
import contextlib
import errno
import fcntl
import os
import re
import shlex
import shutil
import stat
import struct
import subprocess
import time
from typing import NamedTuple, Optional

from .output import warn


# <scsi/sg.h>
SG_SCSI_RESET = 0x2284
SG_SCSI_RESET_DEVICE = 1
SG_SCSI_RESET_NO_ESCALATE = 0x100


class Stop(BaseException):
    """A signal that ends the command, told between two operations."""

    def __init__(self, signal):
        super().__init__(signal)
        self.signal = signal


class Node(NamedTuple):
    """What there is at a path: "file", "block", "character" or "other"; key is the same for all paths to it."""
    kind: str
    size: int
    key: tuple
    blocks: int
    mode: int


class Log:
    """The kernel log from a mark on."""

    def __init__(self):
        self.fd = None

    def mark(self):
        with contextlib.suppress(OSError):
            if self.fd is None:
                self.fd = os.open("/dev/kmsg", os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            os.lseek(self.fd, 0, os.SEEK_END)

    def lines(self):
        """Those that are new."""
        found = []
        while self.fd is not None:
            try:
                found.append(os.read(self.fd, 8192).decode("utf-8", "replace").partition(";")[2].split("\n")[0])
            except OSError as e:
                if e.errno != errno.EPIPE:  # some were overwritten before they were read
                    break
        return found


class FailedRequests:
    """The requests that end with an error, of all block devices, as a trace event tells.  The kernel log has ten of them in five seconds at most."""
    TRACING = "/sys/kernel/tracing"
    READS = 100  # at once, of a page each; what comes faster is lost, and the kernel says so

    def __init__(self, tree, name):
        """name: of the instance of tracefs; one that a killed command left is made anew."""
        self.tree, self.instance = tree, f"{self.TRACING}/instances/{name}"
        self.made, self.fd, self.rest, self.line = False, None, b"", b""
        self.complete = False  # whether none since begin() was missed

    def begin(self):
        tree, events = self.tree, f"{self.instance}/events/block"
        with contextlib.suppress(OSError):
            if not tree.is_folder(f"{self.TRACING}/instances"):
                tree.run("mount", "-t", "tracefs", "tracefs", self.TRACING)
            if tree.is_folder(self.instance):
                tree.rmdir(self.instance)
            tree.mkdir(self.instance)
            self.made = True
            for option in "raw", "hex", "bin":
                tree.write(f"{self.instance}/options/{option}", "0")
            # Before 5.18 there is only the event of all requests.  Those that a program made of a SCSI command are N there.
            event, self.line = "block_rq_error", rb"block_rq_error: (\d+),(\d+) "
            if not tree.is_folder(f"{events}/{event}"):
                event, self.line = "block_rq_complete", rb"block_rq_complete: (\d+),(\d+) [^N ]"
            tree.write(f"{events}/{event}/filter", "error != 0")
            tree.write(f"{events}/{event}/enable", "1")
            self.fd = os.open(tree.path(f"{self.instance}/trace_pipe"), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
            self.complete = True

    def devices(self):
        """Of each that is new, the device's number, as 8:0."""
        read = [self.rest]
        with contextlib.suppress(BlockingIOError):
            while self.fd is not None and len(read) <= self.READS and (read[-1] or len(read) == 1):
                read.append(os.read(self.fd, 8192))
        text, _, self.rest = b"".join(read).rpartition(b"\n")
        if b"[LOST " in text:
            self.complete = False
        return [f"{int(major)}:{int(minor)}" for major, minor in re.findall(self.line, text)] if self.line else []

    def end(self):
        if self.fd is not None:
            os.close(self.fd)
            self.fd = None
        if self.made:
            with contextlib.suppress(OSError):
                self.tree.rmdir(self.instance)


class Process:
    """A command that runs beside this one, and what it starts."""

    def __init__(self, command):
        self.child = subprocess.Popen(command, stdin=subprocess.DEVNULL, start_new_session=True)

    def ended(self):
        """The exit status, the negative number of a signal, or None."""
        return self.child.poll()

    def end(self, number):
        """Whether there was still something of it, be it only what it started."""
        try:
            os.killpg(self.child.pid, number)
        except ProcessLookupError:
            return False
        return True


class Tree:
    """Below root.  Reading what is not there gives None or nothing; changing it is an OSError."""

    def __init__(self, root="/", writable=True, log=None):
        self.root, self.writable, self.log = root.rstrip("/"), writable, log
        self.operations = 0
        self.signal = None  # the one that ends the command, once it has come
        self.finishing = False  # when it is not heeded any more
        self.kernel_log = Log()
        self.waits = {}  # since when for what; None once it was told

    def path(self, path):
        self.operations += 1
        return self.root + path

    def change(self, path, line):
        """Before each change."""
        if not self.writable:
            raise AssertionError(f"a dry run would write: {line}")
        self.heed_signal()
        if self.log:
            with contextlib.suppress(OSError):  # whoever does not read it any more does not end the command
                self.log(line)
        return self.path(path)

    # Reading

    def contents(self, path):
        fd = os.open(self.path(path), os.O_RDONLY | os.O_CLOEXEC)
        try:
            data = b""
            while True:
                more = os.read(fd, 1 << 20)
                data += more
                if not more:
                    return os.fsdecode(data)
        finally:
            os.close(fd)

    def read(self, path) -> Optional[str]:
        try:
            return self.contents(path)
        except OSError:
            return None

    def folders(self, path):
        with contextlib.suppress(OSError), os.scandir(self.path(path)) as entries:
            return sorted(entry.name for entry in entries if entry.is_dir(follow_symlinks=False))
        return []

    def links(self, path):
        """The symbolic links in a folder, and where each points."""
        found = {}
        with contextlib.suppress(OSError), os.scandir(self.path(path)) as entries:
            for entry in entries:
                if entry.is_symlink():
                    with contextlib.suppress(OSError):
                        found[entry.name] = os.readlink(self.path(f"{path}/{entry.name}"))
        return found

    def is_folder(self, path):
        return os.path.isdir(self.path(path))

    def node(self, path) -> Optional[Node]:
        try:
            found = os.stat(self.path(path))
        except OSError:
            return None
        for kind, test in ("file", stat.S_ISREG), ("block", stat.S_ISBLK), ("character", stat.S_ISCHR):
            if test(found.st_mode):
                key = (kind, found.st_dev, found.st_ino) if kind == "file" else (kind, os.major(found.st_rdev), os.minor(found.st_rdev))
                return Node(kind, found.st_size, key, found.st_blocks, stat.S_IMODE(found.st_mode))
        return Node("other", 0, (), 0, 0)

    # Changing

    def mkdir(self, path):
        os.mkdir(self.change(path, f"mkdir {path}"))

    def rmdir(self, path):
        os.rmdir(self.change(path, f"rmdir {path}"))

    def symlink(self, to, path):
        os.symlink(self.root + to, self.change(path, f"ln -s {to} {path}"))

    def unlink(self, path):
        os.unlink(self.change(path, f"rm {path}"))

    def write(self, path, text):
        """One write(), whose errno is the attribute's answer."""
        fd = os.open(self.change(path, f"echo {shlex.quote(text)} >{path}"), os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.write(fd, os.fsencode(text))
        finally:
            os.close(fd)

    def create(self, path, size):
        """A new file, for root alone to read, as the disk will be; it and its folder are on the medium."""
        fd = os.open(self.change(path, f"(umask 077; truncate -s {size} {path})"), os.O_CREAT | os.O_EXCL | os.O_WRONLY | os.O_CLOEXEC, 0o600)
        try:
            os.ftruncate(fd, size)
            os.fsync(fd)
        except OSError:
            os.unlink(self.root + path)
            raise
        finally:
            os.close(fd)
        self.sync_folder(path)

    def truncate(self, path, size):
        """Another size of a file, which is on the medium."""
        fd = os.open(self.change(path, f"truncate -s {size} {path}"), os.O_WRONLY | os.O_CLOEXEC)
        try:
            os.ftruncate(fd, size)
            os.fsync(fd)
        finally:
            os.close(fd)

    def replace(self, path, text):
        """Write a file anew: whoever reads it finds the old text or the new one."""
        name = self.change(path, f"(replace {path})")
        fd = os.open(name + ".new", os.O_CREAT | os.O_TRUNC | os.O_WRONLY | os.O_CLOEXEC, 0o644)
        with open(fd, "w") as f:
            os.fchmod(fd, 0o644)
            f.write(text)
            f.flush()
            os.fsync(fd)
        os.rename(name + ".new", name)
        self.sync_folder(path)

    def rename(self, path, to):
        os.rename(self.change(path, f"mv {path} {to}"), self.root + to)

    def sync_folder(self, path):
        fd = os.open(os.path.dirname(self.root + path), os.O_RDONLY | os.O_CLOEXEC)
        try:
            os.fsync(fd)
        except OSError:
            pass  # not every file system can
        finally:
            os.close(fd)

    # Devices, time and the kernel

    @staticmethod
    def is_root():
        return os.geteuid() == 0

    @contextlib.contextmanager
    def lock(self, path, wait):
        """Hold a lock file; if another process holds it, wait(None) is asked first, and may raise."""
        fd = os.open(self.change(path, f"flock {path}"), os.O_CREAT | os.O_RDWR | os.O_CLOEXEC, 0o644)
        try:
            while True:
                try:
                    fcntl.flock(fd, fcntl.LOCK_EX | fcntl.LOCK_NB)
                    break
                except BlockingIOError:
                    wait()
                    self.sleep(0.05)
            yield
        finally:
            os.close(fd)

    @contextlib.contextmanager
    def exclusive(self, path):
        """Hold a block device; EBUSY if a file system, swap, another device or a program holds it."""
        fd = os.open(self.path(path), os.O_RDONLY | os.O_EXCL | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            yield
        finally:
            os.close(fd)

    def reset(self, device):
        """LOGICAL UNIT RESET, and nothing beyond it if that fails."""
        self.change(device, f"sg_reset --device --no-escalate {device}")
        fd = os.open(self.path(device), os.O_RDONLY | os.O_NONBLOCK | os.O_CLOEXEC)
        try:
            fcntl.ioctl(fd, SG_SCSI_RESET, struct.pack("i", SG_SCSI_RESET_DEVICE | SG_SCSI_RESET_NO_ESCALATE))
        finally:
            os.close(fd)

    def now(self):
        return time.monotonic()

    def sleep(self, seconds):
        time.sleep(seconds)
        self.heed_signal()

    def waits_for(self, what):
        """Between two looks for what has not come yet.  The user is told once, if it takes more than two seconds."""
        begun = self.waits.setdefault(what, self.now())
        if begun is not None and self.now() - begun > 2:
            self.waits[what] = None
            warn(f"waits for {what}")

    def stop(self, number):
        self.signal = number

    def heed_signal(self):
        if self.signal and not self.finishing:
            raise Stop(self.signal)

    def run(self, *command):
        self.change("", " ".join(command))
        with contextlib.suppress(OSError):
            subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, check=False)

    @staticmethod
    def ask(*command):
        """What a command that changes nothing prints; "" if it fails."""
        with contextlib.suppress(OSError):
            return subprocess.run(command, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.DEVNULL, universal_newlines=True, check=False).stdout
        return ""

    @staticmethod
    def which(command):
        return shutil.which(command)

    def start(self, command):
        self.change("", " ".join(map(shlex.quote, command)))
        return Process(command)

    def failed_requests(self, name):
        return FailedRequests(self, name)

    def mark_log(self):
        """What the kernel says from now on is for log_since_mark()."""
        self.kernel_log.mark()

    def log_since_mark(self):
        return self.kernel_log.lines()


def open_files(tree):
    """The device numbers that processes have open: of each, which process.  One pass over all of them."""
    found = {}
    for pid in tree.folders("/proc"):
        if not pid.isdigit() or int(pid) == os.getpid():
            continue
        for fd, to in tree.links(f"/proc/{pid}/fd").items():
            # Of what is elsewhere nothing is asked: a file server that does not answer would stop this command, too.
            # The number of a device that is gone may be another one's.
            if not to.startswith("/dev/") or to.endswith(" (deleted)"):
                continue
            node = tree.node(f"/proc/{pid}/fd/{fd}")
            if node and node.kind in ("block", "character"):
                found.setdefault(f"{node.kind[0]}{node.key[1]}:{node.key[2]}", pid)
    return {number: f"{(tree.read(f'/proc/{pid}/comm') or '?').strip()} (process {pid})" for number, pid in found.items()}
