# SPDX-License-Identifier: Apache-2.0
"""One running guest: Debian's kernel under QEMU's software emulation, with the host's files as its root.

The guest sees the host's whole file system and may write to it, but what it writes stays in its memory and is gone with
it. Programs of the host therefore run in the guest without packing:

    with Machine(cache, devices=[VirtioDisk("d0", path, 64 * MIB)]) as machine:
        machine.load_module("virtio_scsi"); machine.load_module("sg")
        print(machine.run("sg_inq /dev/sg0").stdout)

The guest's port 3260 is reachable on the host at 127.0.0.1, `machine.forwarded[3260]`; the host's loopback services are
10.0.2.2 for the guest.
"""

import base64
import ctypes
import dataclasses
import itertools
import json
import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
import time

from . import debian, image, modules

CHECKOUT = os.path.abspath(os.path.join(os.path.dirname(__file__), "..", "..", ".."))
QEMU = "qemu-system-x86_64"
PARENT_DEATH_SIGNAL = 1  # PR_SET_PDEATHSIG of <linux/prctl.h>
BOOT_SECONDS = 180
BOOT_TRIES = 2  # on a very busy machine the emulated timers fail a kernel that is starting
MIB = 1024 * 1024


class MachineError(Exception):
    """The guest did not boot, died, or a command in it failed."""


@dataclasses.dataclass(frozen=True)
class Outcome:
    """How a command in the guest ended."""

    exit_code: int
    stdout_bytes: bytes
    stderr: str
    timed_out: bool

    @property
    def stdout(self):
        return self.stdout_bytes.decode(errors="replace")


class GuestProcess:
    """A command running in the guest."""

    def __init__(self, machine, request_id, command):
        self._machine = machine
        self._id = request_id
        self.command = command
        self._ended = threading.Event()
        self._outcome = None

    def finish(self, outcome):
        self._outcome = outcome
        self._ended.set()

    @property
    def running(self):
        return not self._ended.is_set()

    def wait(self, timeout=60):
        """The outcome; raises when the command does not end in time or the machine dies."""
        if not self._ended.wait(timeout):
            raise MachineError(f"still running after {timeout} s: {self.command}")
        if self._outcome is None:
            raise MachineError(f"the machine died during: {self.command}\n{self._machine.console_tail()}")
        return self._outcome

    def signal(self, number=signal.SIGTERM):
        """Sends a signal to the command and all its children."""
        self._machine.send({"id": self._id, "signal": int(number)})


class Machine:
    """Use as a context manager: the guest runs inside the block and is ended with it, whatever happens."""

    def __init__(self, cache, *, devices=(), memory_mib=1024, forward=(3260,), log_folder=None, name="guest",
                 kernel=debian.STABLE):
        self._cache = os.path.abspath(cache)
        self._kernel = kernel
        self._devices = list(devices)
        self._memory_mib = memory_mib
        self.forwarded = {port: _free_port() for port in forward}
        self._log_folder = log_folder
        self._name = name
        self._loaded = set()
        self._ids = itertools.count(1)
        self._processes = {}
        self._sending = threading.Lock()
        self._agent_ready = threading.Event()
        self._channel_closed = False
        self._folder = None
        self._qemu = None
        self._channel = None
        self._reader = None

    def __enter__(self):
        for tries_left in reversed(range(BOOT_TRIES)):
            self._folder = tempfile.mkdtemp(prefix="tgt-vm-")
            self._agent_ready.clear()
            self._channel_closed = False
            try:
                self._boot()
                return self
            except BaseException as error:
                self.close(keep_log=True)
                if not isinstance(error, MachineError) or not tries_left:
                    raise
                print(f"vm: booting once more, after: {str(error).splitlines()[0]}", flush=True)

    def __exit__(self, kind, _value, _trace):
        self.close(keep_log=kind is not None)

    # Commands

    def start(self, command, *, stdin=b"", timeout=None, env=None):
        """Starts a command (a shell line or a list of words) and returns while it runs."""
        argv = ["/bin/sh", "-c", command] if isinstance(command, str) else list(command)
        process = GuestProcess(self, next(self._ids), command if isinstance(command, str) else " ".join(argv))
        request = {"id": process._id, "argv": argv, "timeout": timeout, "stdin": base64.b64encode(stdin).decode()}
        if env:
            base = {"PATH": "/usr/sbin:/usr/bin:/sbin:/bin", "HOME": "/root", "LANG": "C.UTF-8", "LC_ALL": "C.UTF-8"}
            request["env"] = {**base, **env}
        self._processes[process._id] = process
        self.send(request)
        return process

    def run(self, command, *, stdin=b"", timeout=60, check=True, env=None):
        """Runs a command to its end. With check, an exit code other than 0 or a timeout raises MachineError."""
        process = self.start(command, stdin=stdin, timeout=timeout, env=env)
        outcome = process.wait(timeout + 30)
        if check and (outcome.exit_code != 0 or outcome.timed_out):
            reason = f"no end after {timeout} s" if outcome.timed_out else f"exit code {outcome.exit_code}"
            raise MachineError(f"{process.command}: {reason}\n{outcome.stdout}{outcome.stderr}")
        return outcome

    def write_file(self, path, data):
        self.run(["/bin/sh", "-c", 'cat > "$1"', "sh", path], stdin=data)

    def read_file(self, path):
        return self.run(["cat", path]).stdout_bytes

    def load_module(self, name, parameters=""):
        """Loads a kernel module and what it needs; the parameters are for the module itself."""
        order = [path for path in self._modules.load_order(name) if path not in self._loaded]
        lines = [f"busybox insmod {path}" for path in order]
        if lines and parameters:
            lines[-1] += " " + parameters
        if lines:
            self.run("set -e\n" + "\n".join(lines))
            self._loaded.update(order)

    def wait_until(self, condition, *, timeout=30, interval=0.2):
        """Waits until the shell condition holds in the guest; the loop runs there."""
        rounds = max(1, int(timeout / interval))
        script = f"for i in $(seq {rounds}); do if {condition}; then exit 0; fi; sleep {interval}; done; exit 1"
        outcome = self.run(script, timeout=timeout * 3 + 10, check=False)
        if outcome.exit_code != 0:
            raise MachineError(f"did not come true in {timeout} s: {condition}\n{outcome.stderr}")

    # Life

    @property
    def process_id(self):
        """QEMU's process id on the host."""
        return self._qemu.pid

    def console(self):
        try:
            with open(os.path.join(self._folder, "console.log"), errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def console_tail(self, lines=40):
        return "\n".join(["--- end of the guest's console:", *self.console().splitlines()[-lines:]])

    def close(self, *, keep_log=False):
        """Ends QEMU by its process id and removes what the machine left on the host."""
        if self._qemu is not None and self._qemu.poll() is None:
            self._qemu.terminate()
            try:
                self._qemu.wait(5)
            except subprocess.TimeoutExpired:
                self._qemu.kill()
                self._qemu.wait()
        if self._reader is not None:
            self._reader.join(5)  # the end of QEMU is the end of its lines
        if self._channel is not None:
            self._channel.close()
        if self._folder is not None:
            if keep_log:
                self._save_log()
            shutil.rmtree(self._folder, ignore_errors=True)

    def send(self, request):
        line = json.dumps(request).encode() + b"\n"
        with self._sending:
            try:
                self._channel.sendall(line)
            except OSError as error:
                raise MachineError(f"the machine is gone ({error})\n{self.console_tail()}") from error

    # Inside

    def _boot(self):
        kernel, programs = debian.folders(self._cache, self._kernel)
        self._modules = modules.ModuleTree(kernel)
        self._loaded.update(image.boot_order(self._modules))
        with open(os.path.join(self._folder, "image"), "wb") as file:
            file.write(image.build_image(self._modules, CHECKOUT))
        for device in self._devices:
            device.prepare()
        self._launch(programs)
        self._connect()
        if not self._agent_ready.wait(BOOT_SECONDS):
            raise MachineError(f"the guest did not boot in {BOOT_SECONDS} s\n{self.console_tail()}")
        if self._channel_closed:
            raise MachineError(f"QEMU ended while booting\n{self._qemu_messages()}{self.console_tail()}")
        self._configure_network()

    def _launch(self, programs):
        forwards = "".join(f",hostfwd=tcp:127.0.0.1:{host}-10.0.2.15:{guest}" for guest, host in self.forwarded.items())
        command = [
            QEMU, "-accel", "tcg,thread=multi", "-machine", "q35", "-cpu", "max", "-smp", "1",
            "-m", str(self._memory_mib), "-nodefaults", "-no-user-config", "-display", "none", "-no-reboot",
            "-kernel", self._modules.kernel_image, "-initrd", self._path("image"),
            "-append", "console=ttyS0 quiet loglevel=5 panic=-1 mitigations=off nokaslr no_timer_check",
            "-serial", "file:" + self._path("console.log"),
            "-chardev", f"socket,id=agent,path={self._path('agent')},server=on,wait=off",
            "-device", "virtio-serial-pci", "-device", "virtserialport,chardev=agent,name=lab.agent",
            *_share("host", "/"), *_share("programs", programs),
            "-netdev", "user,id=net" + forwards, "-device", "virtio-net-pci,netdev=net,romfile=",
        ]
        for index, device in enumerate(self._devices):
            command += device.qemu_arguments(index)
        with open(self._path("qemu.log"), "wb") as log:
            self._qemu = subprocess.Popen(command, stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                                          preexec_fn=_die_with_parent)

    def _connect(self):
        deadline = time.monotonic() + 30
        while True:
            self._channel = socket.socket(socket.AF_UNIX, socket.SOCK_STREAM)
            try:
                self._channel.connect(self._path("agent"))
                break
            except OSError as error:
                self._channel.close()
                if self._qemu.poll() is not None or time.monotonic() > deadline:
                    raise MachineError(f"QEMU does not start\n{self._qemu_messages()}") from error
                time.sleep(0.05)
        self._reader = threading.Thread(target=self._receive, daemon=True)
        self._reader.start()

    def _receive(self):
        try:
            with self._channel.makefile("rb") as lines:
                for line in lines:
                    self._take(json.loads(line))
        except (OSError, ValueError):
            pass
        self._channel_closed = True
        self._agent_ready.set()
        for process in list(self._processes.values()):
            process.finish(None)

    def _take(self, answer):
        if answer["id"] == 0:
            self._agent_ready.set()
            return
        process = self._processes.pop(answer["id"], None)
        if process is not None:
            stderr = base64.b64decode(answer["stderr"]).decode(errors="replace")
            process.finish(Outcome(answer["exit"], base64.b64decode(answer["stdout"]), stderr, answer["timed_out"]))

    def _configure_network(self):
        self.load_module("virtio_net")
        self.run("set -e; busybox ip link set eth0 up; busybox ip address add 10.0.2.15/24 dev eth0; "
                 "busybox ip route add default via 10.0.2.2")

    def _save_log(self):
        text = self._qemu_messages() + self.console()
        folder = self._log_folder or self._cache
        os.makedirs(folder, exist_ok=True)
        path = os.path.join(folder, self._name + "-console.log")
        with open(path, "w") as file:
            file.write(text)
        print(f"vm: the guest's console is kept in {path}", flush=True)

    def _qemu_messages(self):
        try:
            with open(self._path("qemu.log"), errors="replace") as log:
                return log.read()
        except FileNotFoundError:
            return ""

    def _path(self, name):
        return os.path.join(self._folder, name)


def _share(tag, path):
    escaped = path.replace(",", ",,")
    return ["-virtfs", f"local,path={escaped},mount_tag={tag},security_model=none,readonly=on,multidevs=remap"]


def _free_port():
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return probe.getsockname()[1]


def _die_with_parent():
    ctypes.CDLL(None).prctl(PARENT_DEATH_SIGNAL, signal.SIGKILL)
