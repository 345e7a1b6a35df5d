# SPDX-License-Identifier: Apache-2.0
"""Our tgtd in a guest, and test cases that share one guest per class."""

import os
import time
import unittest

from harness import initiator
from harness.daemon import PROGRAMS, ROOT, TARGET_NAME

from . import debian
from .machine import Machine, MachineError

LOG = "/tmp/tgtd.log"
CLOCK_TICKS = 100  # per second, in /proc/PID/stat


class GuestTarget:
    """tgtd running in a machine; initiators of the host reach it through the machine's forwarded port."""

    def __init__(self, machine, arguments=""):
        self.machine = machine
        self._process = machine.start(f"exec {PROGRAMS}/tgtd -f {arguments} >{LOG} 2>&1")
        try:
            machine.wait_until(f"{PROGRAMS}/tgtadm --op show --mode system >/dev/null 2>&1")
        except MachineError as error:
            raise MachineError(f"tgtd does not answer in the guest:\n{self.log()}") from error
        self.process_id = int(machine.run("pidof tgtd").stdout.split()[0])

    @property
    def running(self):
        return self._process.running

    @property
    def address(self):
        return ("127.0.0.1", self.machine.forwarded[3260])

    def url(self, lun, target=TARGET_NAME):
        return f"iscsi://127.0.0.1:{self.address[1]}/{target}/{lun}"

    def admin(self, words, *, check=True):
        """Runs tgtadm in the guest."""
        return self.machine.run(f"{PROGRAMS}/tgtadm {words}", check=check)

    def new_target(self, tid=1, name=TARGET_NAME):
        self.admin(f"--lld iscsi --op new --mode target --tid {tid} -T {name}")
        self.admin(f"--lld iscsi --op bind --mode target --tid {tid} -I ALL")

    def pass_through(self, lun, device, *, tid=1, store="sg", options="", check=True):
        """Exports a device of the guest's kernel."""
        more = f" --bsopts {options}" if options else ""
        return self.admin(f"--lld iscsi --op new --mode logicalunit --tid {tid} --lun {lun} --bstype {store} "
                          f"--device-type pt -b {device}{more}", check=check)

    def remove(self, lun, *, tid=1):
        return self.admin(f"--lld iscsi --op delete --mode logicalunit --tid {tid} --lun {lun}", check=False)

    def session(self, **options):
        return initiator.Session(self.address, TARGET_NAME, **options)

    def cpu_share(self, seconds):
        """The part of one CPU that tgtd uses over the next seconds of the guest's time."""
        script = (f"a=$(cut -d' ' -f14,15 /proc/{self.process_id}/stat); u=$(cut -d. -f1 /proc/uptime); sleep {seconds}; "
                  f"b=$(cut -d' ' -f14,15 /proc/{self.process_id}/stat); v=$(cut -d. -f1 /proc/uptime); "
                  "echo $a $b $u $v")
        before_user, before_system, after_user, after_system, began, ended = map(
            int, self.machine.run(script, timeout=seconds * 6 + 30).stdout.split())
        ticks = after_user + after_system - before_user - before_system
        return ticks / CLOCK_TICKS / max(1, ended - began)

    def log(self):
        outcome = self.machine.run(["cat", LOG], check=False)
        return outcome.stdout


class GuestCase(unittest.TestCase):
    """One guest with tgtd and one target for all tests of the class. Subclasses say which devices and modules."""

    devices = ()
    modules = ("sg", "virtio_scsi")
    forward = (3260,)
    kernel = debian.STABLE

    @classmethod
    def setUpClass(cls):
        cls.require_kernel()
        cls.machine = Machine(os.path.join(ROOT, "build", "vm-cache"), devices=cls.make_devices(), forward=cls.forward,
                              log_folder=os.path.join(ROOT, "build", "vm-logs"), name=cls.__name__, kernel=cls.kernel)
        started = time.monotonic()
        try:
            cls.enterClassContext(cls.machine)
            for module in cls.modules:
                cls.machine.load_module(*([module] if isinstance(module, str) else module))
        except (MachineError, KeyError) as error:
            if cls.kernel == debian.STABLE:
                raise
            raise unittest.SkipTest(f"today's kernel does not run here: {error}") from error
        cls.prepare()
        cls.target = GuestTarget(cls.machine)
        cls.addClassCleanup(cls.show_log)
        cls.target.new_target()
        print(f"{cls.__name__}: guest and tgtd up after {time.monotonic() - started:.1f} s", flush=True)

    @classmethod
    def require_kernel(cls):
        """Skips the class when the kernel it needs is not the machine's own and cannot be fetched."""
        if cls.kernel != debian.STABLE:
            try:
                debian.folders(os.path.join(ROOT, "build", "vm-cache"), cls.kernel)
            except debian.PackageError as error:
                raise unittest.SkipTest(str(error)) from error

    @classmethod
    def make_devices(cls):
        return cls.devices

    @classmethod
    def prepare(cls):
        """Runs before tgtd starts."""

    @classmethod
    def show_log(cls):
        try:
            print(f"--- tgtd's log:\n{cls.target.log()[-8000:]}\n--- kernel:\n{cls.machine.run('dmesg | tail -n 25').stdout}")
        except MachineError as error:
            print(error)

    @classmethod
    def scsi_node(cls, model, prefix="/dev/"):
        """The sg node of the device with this product name."""
        script = ("for sg in /sys/class/scsi_generic/sg*; do "
                  'echo "${sg##*/} $(cat $sg/device/model)"; done')
        for line in cls.machine.run(script).stdout.splitlines():
            name, _, found = line.partition(" ")
            if found.strip() == model:
                return prefix + name
        raise MachineError(f"the guest has no SCSI device {model}")
