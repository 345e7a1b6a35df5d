# SPDX-License-Identifier: Apache-2.0
"""Two portals in two target port groups under Linux: scsi_dh_alua sees the states, dm-multipath follows them."""

import re

from lab import block_devices
from lab.linux_initiator import PORTAL, LinuxInitiator
from lab.target import GuestCase

LUN = 1
SIZE_MIB = 16
SECOND_PORTAL = "127.0.0.1:3261"
GROUPS = {1: "10:ports=1:preferred=1", 2: "20:ports=2"}  # of each port, which is a portal group's number
MULTIPATH = "paths"
# Writes, and reads back, until it is told to end; the first argument is the device. It leaves the guest's one CPU to others.
LOAD = """
import mmap, os, random, sys, time
chunk, rounds, seed = 65536, 0, random.Random(5)
device = os.open(sys.argv[1], os.O_RDWR | os.O_DIRECT)
chunks = os.lseek(device, 0, os.SEEK_END) // chunk
written, read = mmap.mmap(-1, chunk), mmap.mmap(-1, chunk)
while not os.path.exists("/tmp/load.end"):
    offset = seed.randrange(chunks) * chunk
    written[:] = seed.randbytes(512) * (chunk // 512)
    assert os.pwritev(device, [written], offset) == chunk
    assert os.preadv(device, [read], offset) == chunk
    assert read[:] == written[:], "other data at %d" % offset
    rounds += 1
    with open("/tmp/load.rounds.new", "w") as file:
        file.write(str(rounds))
    os.rename("/tmp/load.rounds.new", "/tmp/load.rounds")
    time.sleep(0.05)
"""


class Multipath(GuestCase):
    modules = ("sg", "sd_mod", "iscsi_tcp", "scsi_dh_alua", "dm_mod", "dm_multipath", "dm_round_robin")

    @classmethod
    def setUpClass(cls):
        super().setUpClass()
        cls.target.admin(f"--op new --mode logicalunit --tid 1 --lun {LUN} --bstype memory --bsopts size={SIZE_MIB}M -b memory")
        cls.target.admin(f"--op new --mode portal --params portal={SECOND_PORTAL},group=2")
        cls.set_state(1, "active/optimized")
        cls.set_state(2, "standby")
        initiator = LinuxInitiator(cls.machine)
        cls.paths = [initiator.log_in((LUN,), portal=portal)[LUN].rsplit("/", 1)[1] for portal in (PORTAL, SECOND_PORTAL)]
        cls.numbers = [cls.machine.run(f"cat /sys/block/{path}/dev").stdout.strip() for path in cls.paths]

    @classmethod
    def set_state(cls, port, state):
        cls.target.admin(f"--op update --mode target --tid 1 --name port_group --value {GROUPS[port]}:state={state}")

    def expect_states(self, *states):
        for path, state in zip(self.paths, states):
            self.machine.wait_until(f"test \"$(cat /sys/block/{path}/device/access_state)\" = {state}")

    def writes_of(self, path):
        return int(self.machine.run(f"cat /sys/block/{path}/stat").stdout.split()[4])

    def make_multipath(self):
        """A path group for each path, the first one to be used first."""
        groups = " ".join(f"round-robin 0 1 1 {number} 1" for number in self.numbers)
        block_devices.dmsetup(self.machine, f"create {MULTIPATH} --table '0 {SIZE_MIB * 2048} multipath 0 1 alua 2 1 {groups}'")
        minor = block_devices.dmsetup(self.machine, f"info -c --noheadings -o minor {MULTIPATH}").stdout.strip()
        return "/dev/dm-" + minor

    def path_states(self):
        """A (active) or F (failed) of each path."""
        status = block_devices.dmsetup(self.machine, f"status {MULTIPATH}").stdout
        return [re.search(rf" {number} ([AF]) ", status).group(1) for number in self.numbers]

    def reinstate(self, path):
        """What multipathd does when it finds that a path works again."""
        block_devices.dmsetup(self.machine, f"message {MULTIPATH} 0 reinstate_path {self.numbers[path]}")

    def expect_load_on(self, path):
        """The load goes on, and there."""
        other = self.paths[1 - path]
        statistics = f"/sys/block/{self.paths[path]}/stat"
        self.machine.wait_until(f"a=$(cat {statistics}); sleep 0.2; test \"$a\" != \"$(cat {statistics})\"")
        before, others = self.writes_of(self.paths[path]), self.writes_of(other)
        rounds = self.rounds()
        self.machine.wait_until(f"test $(cat /tmp/load.rounds) -gt {rounds + 10}")
        self.assertGreater(self.writes_of(self.paths[path]), before + 5)
        self.assertLessEqual(self.writes_of(other), others + 1)

    def rounds(self):
        return int(self.machine.run("cat /tmp/load.rounds").stdout)

    def test_a_path_in_standby_is_found_with_its_size_and_its_state(self):
        self.expect_states("active/optimized", "standby")
        preferred = [self.machine.run(f"cat /sys/block/{path}/device/preferred_path").stdout.strip() for path in self.paths]
        self.assertEqual(preferred, ["1", "0"])
        sizes = [self.machine.run(f"blockdev --getsize64 /dev/{path}").stdout.strip() for path in self.paths]
        self.assertEqual(sizes, [str(SIZE_MIB << 20)] * 2)
        ports = [self.machine.run(f"sg_vpd -p 0x83 /dev/{path}").stdout for path in self.paths]
        for number, text in enumerate(ports, 1):
            self.assertIn(f"Relative target port: 0x{number}", text)
            self.assertIn(f"Target port group: 0x{(10, 20)[number - 1]:x}", text)
        self.assertNotEqual(self.machine.run(f"dd if=/dev/{self.paths[1]} of=/dev/null bs=4096 count=1 iflag=direct",
                                             check=False).exit_code, 0, "a port in standby gives data")

    def test_input_and_output_follow_the_states_that_the_administrator_sets(self):
        device = self.make_multipath()
        load = self.machine.start(["/usr/bin/python3", "-I", "-S", "-c", LOAD, device], timeout=600)
        self.addCleanup(self.machine.run, "touch /tmp/load.end", check=False)
        self.machine.wait_until("test -s /tmp/load.rounds")
        self.expect_load_on(0)
        self.set_state(2, "active/optimized")
        self.set_state(1, "standby")
        self.expect_load_on(1)
        self.expect_states("standby", "active/optimized")
        self.assertEqual(self.path_states(), ["F", "A"])
        self.reinstate(0)
        self.set_state(1, "active/optimized")
        self.set_state(2, "unavailable")
        self.expect_load_on(0)
        self.expect_states("active/optimized", "unavailable")
        self.assertEqual(self.path_states(), ["A", "F"])
        self.reinstate(1)
        for port in (2, 1):
            self.set_state(port, "standby")  # now no port serves: the initiator makes the other one active itself
        self.expect_load_on(1)
        self.expect_states("standby", "active/optimized")
        shown = self.target.admin("--op show --mode target --tid 1").stdout
        self.assertIn("port_group=20:state=active/optimized", shown)
        self.machine.run("touch /tmp/load.end")
        ended = load.wait(30)
        self.assertEqual((ended.exit_code, ended.stderr), (0, ""))
        self.machine.run("echo 3 > /proc/sys/vm/drop_caches")
        self.machine.run(f"cmp {device} /dev/{self.paths[1]}")
        self.machine.run(f"dmsetup --noudevsync --noudevrules remove {MULTIPATH}")
