# SPDX-License-Identifier: Apache-2.0
"""The Linux kernel's own initiator (open-iscsi) in the guest: login, mkfs, mount, write, fsync, compare, logout."""

import os
import tempfile
import unittest

from harness.daemon import TARGET_NAME
from lab.devices import VirtioDisk
from lab.linux_initiator import PORTAL, LinuxInitiator
from lab.machine import MIB
from lab.target import GuestCase

MEMORY_DISK, REAL_DISK = 1, 2


class KernelInitiator(GuestCase):
    modules = ("sg", "virtio_scsi", "sd_mod", "iscsi_tcp", "ext4")

    @classmethod
    def make_devices(cls):
        folder = cls.enterClassContext(tempfile.TemporaryDirectory())
        return [VirtioDisk("disk", os.path.join(folder, "disk.raw"), 64 * MIB)]

    @classmethod
    def prepare(cls):
        cls.machine.wait_until("test -b /dev/sda")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.target.admin(f"--op new --mode logicalunit --tid 1 --lun {MEMORY_DISK} --bstype memory --bsopts size=64M "
                         "-b memory")
        cls.target.pass_through(REAL_DISK, cls.scsi_node("VIRTIO-DISK"))
        cls.initiator = LinuxInitiator(cls.machine)

    def log_in(self, settings):
        return self.initiator.log_in((MEMORY_DISK, REAL_DISK), settings)

    def log_out(self):
        self.initiator.log_out()
        self.assertNotEqual(self.iscsiadm("-m session", check=False).exit_code, 0, "a session is left")

    def iscsiadm(self, words, **options):
        return self.initiator.admin(words, **options)

    def use_file_system(self, device):
        """Writes files, forces them to the device, drops the cache and reads them again."""
        self.machine.run(f"mkfs.ext4 -q -F {device}", timeout=120)
        self.machine.run("mkdir -p /tmp/mounted && mount -t ext4 " + device + " /tmp/mounted")
        self.machine.run("for i in 1 2 3; do dd if=/dev/urandom of=/tmp/source.$i bs=1M count=$((i * 2)) status=none; "
                         "dd if=/tmp/source.$i of=/tmp/mounted/file.$i bs=64k conv=fsync status=none; done; sync",
                         timeout=120)
        self.machine.run("umount /tmp/mounted && echo 3 > /proc/sys/vm/drop_caches", timeout=60)
        self.machine.run(f"e2fsck -fn {device}", timeout=120)
        self.machine.run(f"mount -t ext4 -o ro {device} /tmp/mounted && "
                         "for i in 1 2 3; do cmp /tmp/source.$i /tmp/mounted/file.$i || exit 1; done", timeout=120)
        self.machine.run("umount /tmp/mounted; rm -f /tmp/source.*")

    def check_connection_parameter(self, name, expected):
        value = self.machine.run(f"cat /sys/class/iscsi_connection/connection*/{name}").stdout.strip()
        self.assertEqual(value, expected, name)

    def check_no_kernel_complaint(self):
        complaints = self.machine.run("dmesg | grep -E 'iscsi.*(error|detected conn|timed out|reject)|I/O error|digest "
                                      "error' || true").stdout
        self.assertEqual(complaints, "")

    def test_file_systems_survive_without_digests(self):
        devices = self.log_in({})
        self.addCleanup(self.iscsiadm, "-m node -u", check=False)
        self.check_connection_parameter("header_digest", "0")
        self.use_file_system(devices[MEMORY_DISK])
        self.use_file_system(devices[REAL_DISK])
        self.log_out()
        self.check_no_kernel_complaint()

    def test_file_systems_survive_with_both_digests(self):
        devices = self.log_in({"node.conn[0].iscsi.HeaderDigest": "CRC32C", "node.conn[0].iscsi.DataDigest": "CRC32C"})
        self.addCleanup(self.iscsiadm, "-m node -u", check=False)
        self.check_connection_parameter("header_digest", "1")
        self.check_connection_parameter("data_digest", "1")
        self.use_file_system(devices[MEMORY_DISK])
        self.use_file_system(devices[REAL_DISK])
        self.log_out()
        self.check_no_kernel_complaint()

    def test_discovery_names_the_target(self):
        found = self.iscsiadm(f"-m discovery -t sendtargets -p {PORTAL}").stdout
        self.assertIn(TARGET_NAME, found)
        self.iscsiadm("-m node -o delete", check=False)

    def test_the_kernel_reports_the_real_disks_identity(self):
        devices = self.log_in({})
        self.addCleanup(self.iscsiadm, "-m node -u", check=False)
        name = devices[REAL_DISK].rsplit("/", 1)[1]
        self.assertEqual(self.machine.run(f"cat /sys/block/{name}/device/model").stdout.strip(), "VIRTIO-DISK")
        self.assertEqual(int(self.machine.run(f"cat /sys/block/{name}/size").stdout) * 512, 64 * MIB)
        self.log_out()


if __name__ == "__main__":
    unittest.main()
