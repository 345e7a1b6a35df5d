# SPDX-License-Identifier: Apache-2.0
"""Block devices that the guest's kernel puts together from RAM disks: DM linear devices, and an MD mirror of the first two.

The guest has no udev: devices are known by their kernel names.
"""

BLOCK = 512
LINEAR = "/dev/dm-2"
MIRROR = "/dev/md127"
LEGS = ("/dev/dm-0", "/dev/dm-1")  # of MIRROR


def dmsetup(machine, words):
    return machine.run(f"dmsetup --noudevsync --noudevrules {words}")


def make_devices(machine, mebibytes, *, legs=3):
    """Loads the modules and makes so many linear devices leg0, leg1, ..., and MIRROR over the first two."""
    machine.load_module("brd", f"rd_nr={legs} rd_size={mebibytes * 1024}")
    machine.load_module("dm_mod")
    machine.load_module("raid1")
    machine.wait_until(f"test -b /dev/ram{legs - 1}")
    for number in range(legs):
        dmsetup(machine, f"create leg{number} --table '0 {(mebibytes << 20) // BLOCK} linear /dev/ram{number} 0'")
    _make_mirror(machine, mebibytes)


def leg(machine, number):
    """Its device number, as DM's tables take it."""
    return dmsetup(machine, f"info -c --noheadings -o major,minor --separator : leg{number}").stdout.strip()


def fail_leg(machine, number, mebibytes):
    """From now on every access to it is an error."""
    dmsetup(machine, f"suspend --nolockfs --noflush leg{number}")
    dmsetup(machine, f"reload leg{number} --table '0 {(mebibytes << 20) // BLOCK} error'")
    dmsetup(machine, f"resume leg{number}")


def _make_mirror(machine, mebibytes):
    """Without mdadm: an array without metadata, put together through sysfs."""
    machine.run(
        "set -e; echo md127 > /sys/module/md_mod/parameters/new_array; cd /sys/block/md127/md; "
        "echo none > metadata_version; echo raid1 > level; echo 2 > raid_disks; "
        "for leg in 0 1; do cat /sys/block/dm-$leg/dev > new_dev; echo $leg > dev-dm-$leg/slot; done; "
        f"echo {mebibytes * 1024} > component_size; echo none > resync_start; echo active > array_state; "
        f"test -b {MIRROR}")
