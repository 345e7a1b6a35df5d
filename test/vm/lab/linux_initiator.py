# SPDX-License-Identifier: Apache-2.0
"""The Linux kernel's own initiator (open-iscsi) in a guest."""

from harness.daemon import TARGET_NAME

PORTAL = "127.0.0.1:3260"
INITIATOR_NAME = "iqn.2026-11.example.tests:kernel"


class LinuxInitiator:
    """Logs the guest in to the target that runs in the same guest. Needs the modules iscsi_tcp and sd_mod."""

    def __init__(self, machine):
        self._machine = machine
        machine.run("mkdir -p /etc/iscsi /run/lock/iscsi /var/lib/iscsi && "
                    f"echo InitiatorName={INITIATOR_NAME} > /etc/iscsi/initiatorname.iscsi")
        self._daemon = machine.start("exec iscsid -f >/tmp/iscsid.log 2>&1")

    def admin(self, words, *, timeout=60, check=True):
        return self._machine.run("iscsiadm " + words, timeout=timeout, check=check)

    def log_in(self, luns, settings=None, *, interface=None, portal=PORTAL):
        """Makes the node record, logs in, and returns {lun: block device}. An interface is an initiator of its own."""
        before = self._sessions()
        way = f"-T {TARGET_NAME} -p {portal}" + (f" -I {interface}" if interface else "")
        self.admin(f"-m node -o new {way}")
        for name, value in (settings or {}).items():
            self.admin(f"-m node {way} -o update -n {name} -v {value}")
        self.admin(f"-m node {way} --login")
        session = (self._sessions() - before).pop()
        found = {}
        for lun in luns:
            pattern = f"/sys/class/iscsi_session/{session}/device/target*/*:0:0:{lun}/block/sd*"
            self._machine.wait_until(f"ls -d {pattern} >/dev/null 2>&1", timeout=30)
            path = self._machine.run(f"ls -d {pattern}").stdout.split()[0]
            found[lun] = "/dev/" + path.rsplit("/", 1)[1]
        return found

    def new_interface(self, name, initiator_name):
        """A second initiator beside the first one."""
        self.admin(f"-m iface -I {name} -o new")
        self.admin(f"-m iface -I {name} -o update -n iface.initiatorname -v {initiator_name}")

    def log_out(self):
        self.admin(f"-m node -T {TARGET_NAME} -p {PORTAL} --logout")
        self.admin(f"-m node -T {TARGET_NAME} -p {PORTAL} -o delete")

    def _sessions(self):
        return set(self._machine.run("ls /sys/class/iscsi_session").stdout.split())
