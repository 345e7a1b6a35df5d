# SPDX-License-Identifier: Apache-2.0
"""./dev demo: a SCSI device of a Linux kernel over iSCSI, set up with the four commands and used from outside.

Without an argument the device is /dev/sda of a guest made for it; with one it is a device of this machine, read only.
"""

import hashlib
import os
import shlex
import stat
import subprocess
import sys
import tempfile
import time

HERE = os.path.dirname(os.path.abspath(__file__))
sys.path[:0] = [HERE, os.path.dirname(HERE)]

from harness import daemon
from harness.daemon import PROGRAMS, ROOT, TARGET_NAME
from lab.devices import VirtioCdrom, VirtioDisk
from lab.machine import MIB, Machine, MachineError

DISK_SIZE = 32 * MIB
WRITE_OFFSET = 3 * MIB
WRITE_SIZE = 8 * MIB
PATTERN = 0xA5
LOG = "/tmp/tgtd.log"  # in the guest


class DemoFailed(Exception):
    """A step did not do what it should."""


def four_commands(device):
    """The way to export a device, as its first users knew it."""
    return [
        f"tgtadm --lld iscsi --op new --mode target --tid 1 --params {TARGET_NAME}",
        "tgtadm --lld iscsi --op update --mode target --tid 1 --name iotype --value rawio",
        f"tgtadm --lld iscsi --op new --mode logicalunit --tid 1 --lun 0 --params Path={device}",
        "tgtadm --lld iscsi --op update --mode target --tid 1 --name state --value running",
    ]


def chapter(text):
    print(f"\n==> {text}", flush=True)


def show_output(text):
    for line in text.rstrip().splitlines():
        print("    " + line, flush=True)


def outside(command, *, quiet=False):
    """Runs a command on this machine and shows it."""
    words = shlex.split(command)
    print(f"  outside$ {command}", flush=True)
    result = subprocess.run(words, stdin=subprocess.DEVNULL, stdout=subprocess.PIPE, stderr=subprocess.STDOUT,
                            text=True, timeout=600)
    if not quiet or result.returncode != 0:
        show_output(result.stdout)
    if result.returncode != 0:
        raise DemoFailed(f"'{words[0]}' ended with exit code {result.returncode}")
    return result.stdout


def sha256_of(path):
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()


class GuestDemo:
    def __init__(self, folder):
        self._folder = folder
        self._disk = os.path.join(folder, "disk.raw")
        self._disc = os.path.join(folder, "disc.iso")

    def run(self):
        self._make_media()
        chapter("Booting a guest: Debian's kernel under QEMU's software emulation, with SCSI devices")
        devices = [VirtioDisk("demo-disk", self._disk, DISK_SIZE), VirtioCdrom("demo-cd", self._disc)]
        with Machine(os.path.join(ROOT, "build", "vm-cache"), devices=devices, name="demo",
                     log_folder=os.path.join(ROOT, "build", "vm-logs")) as self._machine:
            self._prepare_guest()
            try:
                self._export()
                self._use_from_outside()
                self._compare()
            except (DemoFailed, MachineError):
                print("\ntgtd's log:")
                show_output(self._machine.run(["cat", LOG], check=False).stdout)
                raise

    def _make_media(self):
        with open(self._disk, "wb") as file:
            block = b"".join(b"block %9d\n" % number for number in range(DISK_SIZE // 16))
            file.write(block)
        with open(self._disc, "wb") as file:
            file.write(b"".join(b"disc %10d\n" % number for number in range(4 * MIB // 16)))

    def _inside(self, command, *, timeout=60):
        print(f"  guest# {command}", flush=True)
        environment = {"PATH": f"{PROGRAMS}:/usr/sbin:/usr/bin:/sbin:/bin"}
        outcome = self._machine.run(command, timeout=timeout, check=False, env=environment)
        show_output(outcome.stdout + outcome.stderr)
        if outcome.exit_code != 0:
            raise DemoFailed(f"in the guest: '{command}' ended with exit code {outcome.exit_code}")
        return outcome.stdout

    def _prepare_guest(self):
        machine = self._machine
        for module in ("sg", "sd_mod", "sr_mod", "virtio_scsi"):
            machine.load_module(module)
        machine.wait_until("test -b /dev/sda -a -b /dev/sr0")
        machine.load_module("scsi_debug", "dev_size_mb=32")
        machine.wait_until("test -b /dev/sdb")
        self._inside("uname -sr")
        self._inside("for sg in /sys/class/scsi_generic/sg*; do "
                     "echo /dev/${sg##*/} $(cat $sg/device/vendor $sg/device/model) "
                     "$(ls $sg/device/block | sed s,^,/dev/,); done")

    def _export(self):
        chapter("Starting tgtd in the guest and exporting its /dev/sda with the four commands")
        print("  guest# tgtd -f &", flush=True)
        self._daemon = self._machine.start(f"exec {PROGRAMS}/tgtd -f >{LOG} 2>&1")
        try:
            self._machine.wait_until(f"{PROGRAMS}/tgtadm --op show --mode system >/dev/null 2>&1")
        except MachineError as error:
            if not self._daemon.running:
                outcome = self._daemon.wait()
                raise DemoFailed(f"tgtd ended with {outcome.exit_code}") from error
            raise
        for command in four_commands("/dev/sda"):
            self._inside(command)
        self._inside("tgtadm --lld iscsi --op show --mode target")

    def _use_from_outside(self):
        self._url = f"iscsi://127.0.0.1:{self._machine.forwarded[3260]}/{TARGET_NAME}/0"
        chapter(f"Using it from outside the guest, over iSCSI (port 3260 of the guest is {self._machine.forwarded[3260]} here)")
        identity = outside(f"iscsi-inq {self._url}")
        if "VIRTIO-DISK" not in identity:
            raise DemoFailed("the INQUIRY data is not the disk's own")
        capacity = outside(f"iscsi-readcapacity16 {self._url}")
        if str(DISK_SIZE) not in capacity:
            raise DemoFailed(f"the capacity is not {DISK_SIZE} bytes")
        outside(f"qemu-io -f raw -c 'write -P {PATTERN:#x} {WRITE_OFFSET} {WRITE_SIZE}' -c flush {self._url}")
        outside(f"qemu-io -f raw -r -c 'read -P {PATTERN:#x} {WRITE_OFFSET} {WRITE_SIZE}' {self._url}")

    def _compare(self):
        chapter("Comparing what the initiator reads with the disk as the guest sees it")
        copy = os.path.join(self._folder, "copy.raw")
        outside(f"qemu-img convert -f raw -O raw {self._url} {copy}", quiet=True)
        over_iscsi = sha256_of(copy)
        print(f"  outside$ sha256sum {copy}\n    {over_iscsi}", flush=True)
        seen = self._inside("dd if=/dev/sda bs=1M iflag=direct status=none | sha256sum", timeout=600).split()[0]
        with open(copy, "rb") as file:
            file.seek(WRITE_OFFSET)
            written = file.read(WRITE_SIZE)
        if written != bytes([PATTERN]) * WRITE_SIZE:
            raise DemoFailed("what was written did not come back")
        if over_iscsi != seen:
            raise DemoFailed("the disk that the initiator reads is not the disk that the guest sees")
        print("    the same, byte for byte", flush=True)


def is_block_device(path):
    return stat.S_ISBLK(os.stat(path).st_mode)


def demo_of_device(device):
    """The read-only part against a device of this machine."""
    if not os.path.exists(device):
        raise DemoFailed(f"there is no {device}")
    chapter(f"Starting tgtd on loopback and exporting {device} with the four commands")
    with daemon.Daemon() as server:
        print(f"  # tgtd -f --iscsi portal=127.0.0.1:{server.port} &", flush=True)
        for command in four_commands(device):
            print(f"  # {command}", flush=True)
            server.admin(*shlex.split(command)[1:])
        chapter("Using it over iSCSI (nothing is written)")
        url = server.url(lun=0)
        identity = outside(f"iscsi-inq {url}")
        if "DIRECT_ACCESS" not in identity.upper().replace(" ", "_"):
            print("  (no disk: identity only)")
            return
        outside(f"iscsi-readcapacity16 {url}")
        outside(f"qemu-io -f raw -r -c 'read -v 0 64' -c 'read 0 {MIB}' {url}")
        if is_block_device(device):
            compare_first_mebibyte(url, device)


def compare_first_mebibyte(url, device):
    with tempfile.TemporaryDirectory() as folder:
        copy = os.path.join(folder, "copy.raw")
        outside(f"qemu-img dd -f raw -O raw bs=1M count=1 if={url} of={copy}", quiet=True)
        with open(device, "rb") as local, open(copy, "rb") as remote:
            if local.read(MIB) != remote.read(MIB):
                raise DemoFailed(f"what came over iSCSI is not what {device} holds")
    print("    the first MiB is the same as on the device itself", flush=True)


def main():
    started = time.monotonic()
    try:
        if len(sys.argv) > 1:
            demo_of_device(sys.argv[1])
        else:
            with tempfile.TemporaryDirectory(prefix="tgt-demo-") as folder:
                GuestDemo(folder).run()
    except (DemoFailed, MachineError, daemon.DaemonError, subprocess.TimeoutExpired) as error:
        print(f"\ndemo: FAILED: {error}", file=sys.stderr)
        return 1
    print(f"\nThe demo worked ({time.monotonic() - started:.0f} s).")
    return 0


if __name__ == "__main__":
    sys.exit(main())
