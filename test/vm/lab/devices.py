# SPDX-License-Identifier: Apache-2.0
"""SCSI devices a machine can be given. Each hangs on a host adapter of its own, so that a reset of one leaves the others alone.

The guest loads the drivers (Machine.load_module): virtio_scsi, then sg, sd_mod, sr_mod as a test needs them. scsi_debug is a
module only: it needs no device here.
"""

import dataclasses
import os


class OnHostFile:
    """Its medium is a plain file of the host (`path`, of `size` bytes); other processes of the host may read it."""

    def prepare(self):
        if not os.path.exists(self.path):
            with open(self.path, "wb") as file:
                file.truncate(self.size)


@dataclasses.dataclass(frozen=True)
class VirtioDisk(OnHostFile):
    """A disk on virtio-scsi."""

    serial: str
    path: str
    size: int

    def qemu_arguments(self, index):
        drive = f"driver=raw,node-name=medium{index},file.driver=file,file.filename={_escaped(self.path)}"
        return [*_adapter(index), "-blockdev", drive, "-device",
                f"scsi-hd,bus=hba{index}.0,drive=medium{index},vendor=LAB,product=VIRTIO-DISK,serial={self.serial}"]


@dataclasses.dataclass(frozen=True)
class PlainBlockDevice(OnHostFile):
    """A block device that is no SCSI device (/dev/vda), with physical blocks of 4096 bytes."""

    path: str
    size: int

    def qemu_arguments(self, index):
        drive = f"driver=raw,node-name=medium{index},discard=unmap,file.driver=file,file.filename={_escaped(self.path)}"
        return ["-blockdev", drive, "-device", f"virtio-blk-pci,drive=medium{index},physical_block_size=4096"]


@dataclasses.dataclass(frozen=True)
class SlowNullDisk:
    """A disk on virtio-scsi that stores nothing and takes its time: its commands stay in flight until reset or done."""

    serial: str
    size: int
    latency_seconds: float

    def prepare(self):
        pass

    def qemu_arguments(self, index):
        nanoseconds = int(self.latency_seconds * 1e9)
        drive = f"driver=null-co,node-name=medium{index},size={self.size},latency-ns={nanoseconds},read-zeroes=on"
        return [*_adapter(index), "-blockdev", drive, "-device",
                f"scsi-hd,bus=hba{index}.0,drive=medium{index},vendor=LAB,product=SLOW-DISK,serial={self.serial}"]


@dataclasses.dataclass(frozen=True)
class VirtioCdrom:
    """A CD-ROM drive on virtio-scsi with a disc in it: any file, in blocks of 2048 bytes. No path: an empty drive."""

    serial: str
    path: str | None

    def prepare(self):
        pass

    def qemu_arguments(self, index):
        device = f"scsi-cd,bus=hba{index}.0,vendor=LAB,product=VIRTIO-CD,serial={self.serial}"
        if self.path is None:
            return [*_adapter(index), "-device", device]
        drive = f"driver=raw,read-only=on,node-name=medium{index},file.driver=file,file.filename={_escaped(self.path)}"
        return [*_adapter(index), "-blockdev", drive, "-device", f"{device},drive=medium{index}"]


def _adapter(index):
    return ["-device", f"virtio-scsi-pci,id=hba{index}"]


def _escaped(path):
    """QEMU's option syntax doubles a comma that is part of a value."""
    return path.replace(",", ",,")
