# SPDX-License-Identifier: Apache-2.0
"""A tgtd on this machine: loopback only, with a control socket of its own, ended by its process id."""

import collections
import os
import random
import re
import shutil
import socket
import subprocess
import tempfile
import time

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
PROGRAMS = os.environ.get("TGT_PROGRAMS") or os.path.join(ROOT, "build", "release", "bin")
SANITIZED = "asan" in PROGRAMS or "tsan" in PROGRAMS
START_SECONDS = 30
SANITIZER_REPORT = re.compile(r"ERROR: \w+Sanitizer|WARNING: ThreadSanitizer|runtime error:|LeakSanitizer")
TARGET_NAME = "iqn.2001-04.com.example:storage.disk2.amiens.sys1.xyz"


class DaemonError(Exception):
    """tgtd did not start, died, or a tgtadm command failed."""


def free_port():
    """Of those below the ports that the kernel gives to outgoing connections, which would take it before tgtd does."""
    while True:
        port = random.randrange(10000, 32000)
        with socket.socket() as probe:
            try:
                probe.bind(("127.0.0.1", port))
                return port
            except OSError:
                continue


def takes_direct(folder):
    """Can files there be read and written past the page cache? Not in memory, before Linux 6.6."""
    with tempfile.NamedTemporaryFile(dir=folder) as file:
        try:
            os.close(os.open(file.name, os.O_RDWR | os.O_DIRECT))
            return True
        except OSError:
            return False


class Daemon:
    """Use as a context manager. The portal is 127.0.0.1:`port`. `launcher`: words of a command that ends by executing the
    one that follows them."""

    def __init__(self, *, arguments=(), port=None, launcher=()):
        self.port = port or free_port()
        self._arguments = list(arguments)
        self._launcher = list(launcher)
        self._folder = None
        self._process = None
        self._may_fail = False

    def __enter__(self):
        self._folder = tempfile.mkdtemp(prefix="tgtd-")
        try:
            self._start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, kind, _value, _trace):
        log = self.log()
        died = self._process.poll()
        self.close()
        if kind is not None:
            print(f"--- tgtd's log:\n{log[-6000:]}")
        elif died not in (None, 0) and not self._may_fail:  # 0: a test asked it to end, through tgtadm
            raise DaemonError(f"tgtd ended by itself with {died}:\n{log[-6000:]}")
        elif SANITIZER_REPORT.search(log):
            raise DaemonError(f"tgtd reported:\n{log[-12000:]}")

    @property
    def process_id(self):
        return self._process.pid

    @property
    def folder(self):
        """A folder for files of this daemon, removed with it."""
        return self._folder

    @property
    def state_directory(self):
        return os.path.join(self._folder, "state")

    @property
    def running(self):
        return self._process.poll() is None

    @property
    def environment(self):
        """For programs that speak to this daemon's control socket."""
        return {**os.environ, "TGT_IPC_SOCKET": os.path.join(self._folder, "control")}

    def url(self, lun=1, target=TARGET_NAME):
        return f"iscsi://127.0.0.1:{self.port}/{target}/{lun}"

    def admin(self, *words, check=True, timeout=30):
        """Runs tgtadm; with check, anything but exit code 0 raises."""
        command = [os.path.join(PROGRAMS, "tgtadm"), "--control-port", "0", *map(str, words)]
        result = subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, timeout=timeout)
        if check and result.returncode != 0:
            raise DaemonError(f"tgtadm {' '.join(map(str, words))}: exit code {result.returncode}: {result.stderr}")
        return result

    def add_memory_disk(self, *, mebibytes=64, tid=1, lun=1, target=TARGET_NAME):
        """A target that admits everybody, with one disk in memory."""
        self.admin("--op", "new", "--mode", "target", "--tid", tid, "-T", target)
        self.admin("--op", "new", "--mode", "logicalunit", "--tid", tid, "--lun", lun, "--bstype", "memory",
                   "--bsopts", f"size={mebibytes}M", "-b", "memory")
        self.admin("--op", "bind", "--mode", "target", "--tid", tid, "-I", "ALL")

    def add_file_disk(self, path, *options, tid=1, lun=1, target=TARGET_NAME):
        """The same on a file or block device; `options` are more words for tgtadm."""
        self.admin("--op", "new", "--mode", "target", "--tid", tid, "-T", target)
        self.admin("--op", "new", "--mode", "logicalunit", "--tid", tid, "--lun", lun, "-b", path, *options)
        self.admin("--op", "bind", "--mode", "target", "--tid", tid, "-I", "ALL")

    def begin_admin(self, *words):
        """Starts tgtadm, and does not wait for its end."""
        command = [os.path.join(PROGRAMS, "tgtadm"), "--control-port", "0", *map(str, words)]
        return subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.DEVNULL)

    def wait_for_end(self, seconds):
        """After it was asked to end; returns its exit code, which the test is to judge."""
        self._may_fail = True
        return self._process.wait(seconds)

    def kill(self):
        """Ends tgtd as a power loss would: no handler runs. restart() brings it back, without targets."""
        self._process.kill()
        self._process.wait()

    def restart(self):
        """The same portal, control socket and state directory as before kill()."""
        self._start()

    def cpu_seconds(self):
        """CPU time that all threads used so far, to the nanosecond: the ticks of /proc count a whole one for its last part."""
        return time.clock_gettime(~self.process_id << 3 | 2)  # the clock of another process: CPUCLOCK_SCHED in linux/posix-timers.h

    def wakeups(self):
        """How often each of its threads has waited and gone on so far."""
        folder = f"/proc/{self.process_id}/task"
        return collections.Counter({thread: int(self._status(f"{folder}/{thread}/status", "voluntary_ctxt_switches"))
                                    for thread in os.listdir(folder)})

    def resident_kibibytes(self):
        return int(self._status(f"/proc/{self.process_id}/status", "VmRSS"))

    @staticmethod
    def _status(path, key):
        with open(path, encoding="ascii") as file:
            return re.search(rf"^{key}:\s+(\d+)", file.read(), re.MULTILINE).group(1)

    def open_files(self):
        return len(os.listdir(f"/proc/{self.process_id}/fd"))

    def log_with(self, text, seconds=5):
        """The log once it has this text, or as it is when the time is over: tgtd answers first and writes its log then."""
        deadline = time.monotonic() + seconds
        while text not in self.log() and time.monotonic() < deadline:
            time.sleep(0.02)
        return self.log()

    def log(self):
        try:
            with open(os.path.join(self._folder, "log"), errors="replace") as file:
                return file.read()
        except FileNotFoundError:
            return ""

    def close(self):
        if self._process is not None and self._process.poll() is None:
            self._process.terminate()
            try:
                self._process.wait(3)
            except subprocess.TimeoutExpired:
                self._process.kill()
                self._process.wait()
        if self._folder is not None:
            shutil.rmtree(self._folder, ignore_errors=True)

    def _start(self):
        command = [*self._launcher, os.path.join(PROGRAMS, "tgtd"), "-f", "--control-port", "0", "--iscsi",
                   f"portal=127.0.0.1:{self.port}", "--state-directory", self.state_directory, *self._arguments]
        with open(os.path.join(self._folder, "log"), "ab") as log:
            self._process = subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=log,
                                             stderr=log)
        deadline = time.monotonic() + START_SECONDS
        while self.admin("--op", "show", "--mode", "system", check=False).returncode != 0:
            if self._process.poll() is not None or time.monotonic() > deadline:
                raise DaemonError(f"{' '.join(command)} does not answer:\n{self.log()}")
            time.sleep(0.01)
