# SPDX-License-Identifier: Apache-2.0
"""The guest's initial RAM disk: busybox, a few modules and a script that makes the host's root its own."""

import os

BUSYBOX = "/bin/busybox"  # package busybox-static
BOOT_MODULES = ("virtio_pci", "virtio_console", "9p", "9pnet_virtio", "overlay")

# The host's files are the lower layer of an overlay: the guest sees them, and what it writes stays in its memory.
INIT = r"""#!/bin/busybox sh
/bin/busybox --install -s /bin
mount -t proc proc /proc
mount -t sysfs sysfs /sys
mount -t devtmpfs devtmpfs /dev
for module in $(cat /modules/order); do
  insmod /modules/$module || echo "lab: cannot load $module"
done
options=trans=virtio,version=9p2000.L,msize=512000,cache=loose,ro
mount -t 9p -o $options host /host || echo "lab: no host share"
mount -t 9p -o $options programs /programs || echo "lab: no programs share"
mount -t tmpfs -o size=75% tmpfs /memory
mkdir -p /memory/upper /memory/work
mount -t overlay -o lowerdir=/programs:/host,upperdir=/memory/upper,workdir=/memory/work overlay /newroot \
  || echo "lab: no overlay"
for folder in proc sys dev; do
  mkdir -p /newroot/$folder
  mount -o move /$folder /newroot/$folder
done
mkdir -p /newroot/tmp /newroot/run
mount -t tmpfs -o mode=1777 tmpfs /newroot/tmp
mount -t tmpfs -o mode=0755 tmpfs /newroot/run
if [ ! -e "/newroot@CHECKOUT@" ]; then  # it lies below a folder that the guest has of its own
  mkdir -p "/newroot@CHECKOUT@"
  mount -o bind "/host@CHECKOUT@" "/newroot@CHECKOUT@"
fi
mkdir -p /newroot/run/lock /newroot/dev/pts /newroot/dev/shm
chroot /newroot /bin/mount -t devpts devpts /dev/pts
chroot /newroot /bin/mount -t tmpfs tmpfs /dev/shm
ifconfig lo 127.0.0.1 netmask 255.0.0.0 up
exec chroot /newroot /usr/bin/env -i PATH=/usr/sbin:/usr/bin:/sbin:/bin HOME=/root LANG=C.UTF-8 LC_ALL=C.UTF-8 \
  /usr/bin/python3 -I -S "@CHECKOUT@/test/vm/lab/agent.py"
"""


class _CpioWriter:
    """The "new ASCII" cpio format, which the kernel unpacks."""

    def __init__(self):
        self._parts = []
        self._inode = 1

    def add(self, name, mode, data=b""):
        encoded = name.encode() + b"\0"
        fields = (self._inode, mode, 0, 0, 1, 0, len(data), 0, 0, 0, 0, len(encoded), 0)
        header = b"070701" + b"".join(b"%08x" % field for field in fields)
        self._inode += 1
        for part in (header + encoded, data):
            self._parts.append(part + b"\0" * (-len(part) % 4))

    def finish(self):
        self.add("TRAILER!!!", 0)
        return b"".join(self._parts)


def boot_order(module_tree):
    """Paths of the modules that the image loads, in order."""
    order = []
    for name in BOOT_MODULES:
        order += [path for path in module_tree.load_order(name) if path not in order]
    return order


def build_image(module_tree, checkout):
    """The image as bytes. `checkout` is the path of this project on the host, and so in the guest."""
    cpio = _CpioWriter()
    for folder in ("bin", "proc", "sys", "dev", "modules", "host", "programs", "memory", "newroot"):
        cpio.add(folder, 0o040755)
    cpio.add("bin/busybox", 0o100755, _read(BUSYBOX))
    order = boot_order(module_tree)
    for path in order:
        cpio.add("modules/" + os.path.basename(path), 0o100644, _read(path))
    cpio.add("modules/order", 0o100644, "\n".join(os.path.basename(path) for path in order).encode())
    cpio.add("init", 0o100755, INIT.replace("@CHECKOUT@", checkout).encode())
    return cpio.finish()


def _read(path):
    with open(path, "rb") as file:
        return file.read()
