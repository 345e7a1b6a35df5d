# SPDX-License-Identifier: Apache-2.0
"""How tgtd starts, stops, idles, and bears a crowd."""

import os
import re
import resource
import signal
import socket
import subprocess
import tempfile
import time
import unittest

from harness.daemon import PROGRAMS, SANITIZED, TARGET_NAME, Daemon, free_port
from harness.initiator import GOOD, TEST_UNIT_READY, Session, read10

IDLE_SECONDS = 10
IDLE_SHARE = 0.01  # of one CPU: hundreds of times what it takes, and a hundredth of what a loop that polls takes
IDLE_WAKEUPS = 20  # of all threads together
SILENT_CONNECTIONS = 10000
MIB = 1024  # in KiB


class StartAndStop(unittest.TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory(prefix="tgtd-")
        self.addCleanup(folder.cleanup)
        self.folder = folder.name
        self.environment = {**os.environ, "TGT_IPC_SOCKET": os.path.join(self.folder, "control")}
        self.pid_file = os.path.join(self.folder, "pid")

    def tgtd(self, *arguments, timeout=30):
        """Runs tgtd, which goes to the background, and returns how its first process ended."""
        command = [os.path.join(PROGRAMS, "tgtd"), "--pid-file", self.pid_file, "--state-directory",
                   os.path.join(self.folder, "state"), *arguments]
        with open(os.path.join(self.folder, "output"), "w+b") as output:
            process = subprocess.Popen(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=output,
                                       stderr=output)
            self.addCleanup(self.end_daemon)
            try:
                code = process.wait(timeout)
            except subprocess.TimeoutExpired:
                process.kill()
                process.wait()
                self.fail("tgtd neither went to the background nor failed")
            output.seek(0)
            return code, output.read().decode(errors="replace")

    def tgtadm(self, *words):
        return subprocess.run([os.path.join(PROGRAMS, "tgtadm"), *words], env=self.environment, stdin=subprocess.DEVNULL,
                              stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=30)

    def daemon_pid(self):
        try:
            with open(self.pid_file, encoding="ascii") as file:
                return int(file.read())
        except (FileNotFoundError, ValueError):
            return None

    def end_daemon(self):
        pid = self.daemon_pid()
        if pid and self.is_tgtd(pid):
            os.kill(pid, signal.SIGKILL)

    @staticmethod
    def is_tgtd(pid):
        """Also false of one that has ended and that nobody waits for: some containers' first process does not."""
        try:
            with open(f"/proc/{pid}/stat", encoding="ascii") as file:
                name, state = re.fullmatch(r"\d+ \((.*)\) (\S) .*\n", file.read()).groups()
                return name == "tgtd" and state != "Z"
        except (FileNotFoundError, ProcessLookupError):
            return False

    def test_it_goes_to_the_background_when_it_is_ready_and_says_its_process_id(self):
        port = free_port()
        code, output = self.tgtd("--iscsi", f"portal=127.0.0.1:{port}")
        self.assertEqual(code, 0, output)
        self.assertTrue(self.is_tgtd(self.daemon_pid()))
        self.assertEqual(self.tgtadm("--op", "show", "--mode", "system").returncode, 0)
        socket.create_connection(("127.0.0.1", port), timeout=5).close()

    def test_tgtadm_stops_it_and_returns_when_it_is_gone(self):
        port = free_port()
        code, output = self.tgtd("--iscsi", f"portal=127.0.0.1:{port}")
        self.assertEqual(code, 0, output)
        pid = self.daemon_pid()
        self.assertEqual(self.tgtadm("--op", "delete", "--mode", "system").returncode, 0)
        self.assertEqual(self.tgtadm("--op", "show", "--mode", "system").returncode, 107)
        deadline = time.monotonic() + 5
        while self.is_tgtd(pid) and time.monotonic() < deadline:
            time.sleep(0.05)
        self.assertFalse(self.is_tgtd(pid))
        with self.assertRaises(OSError):
            socket.create_connection(("127.0.0.1", port), timeout=2)

    def test_it_is_not_stopped_while_it_has_targets(self):
        code, output = self.tgtd("--iscsi", f"portal=127.0.0.1:{free_port()}")
        self.assertEqual(code, 0, output)
        self.assertEqual(self.tgtadm("--op", "new", "--mode", "target", "--tid", "1", "-T", TARGET_NAME).returncode, 0)
        refused = self.tgtadm("--op", "delete", "--mode", "system")
        self.assertEqual((refused.returncode, refused.stderr), (22, "tgtadm: invalid request\n"))

    def test_a_portal_in_use_fails_before_it_goes_to_the_background(self):
        with socket.socket() as taken:
            taken.bind(("127.0.0.1", 0))
            taken.listen()
            port = taken.getsockname()[1]
            code, output = self.tgtd("--iscsi", f"portal=127.0.0.1:{port}")
            self.assertNotEqual(code, 0)
            self.assertIn(str(port), output)
            self.assertEqual(self.tgtadm("--op", "show", "--mode", "system").returncode, 107)

    def test_a_second_daemon_on_the_same_control_port_fails_and_the_first_goes_on(self):
        code, output = self.tgtd("--iscsi", f"portal=127.0.0.1:{free_port()}")
        self.assertEqual(code, 0, output)
        first = self.daemon_pid()
        command = [os.path.join(PROGRAMS, "tgtd"), "--iscsi", f"portal=127.0.0.1:{free_port()}", "--state-directory",
                   os.path.join(self.folder, "state")]
        second = subprocess.run(command, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL,
                                stderr=subprocess.PIPE, text=True, timeout=30)
        self.assertNotEqual(second.returncode, 0)
        self.assertNotEqual(second.stderr, "")
        self.assertTrue(self.is_tgtd(first))
        self.assertEqual(self.tgtadm("--op", "show", "--mode", "system").returncode, 0)

    def test_help_and_version_end_well(self):
        for option in ("--help", "--version"):
            result = subprocess.run([os.path.join(PROGRAMS, "tgtd"), option], stdout=subprocess.PIPE, text=True, timeout=10)
            self.assertEqual(result.returncode, 0)
            self.assertNotEqual(result.stdout, "")

    def test_an_unknown_option_is_refused(self):
        result = subprocess.run([os.path.join(PROGRAMS, "tgtd"), "--no-such-option"], stdout=subprocess.PIPE,
                                stderr=subprocess.PIPE, text=True, timeout=10)
        self.assertNotEqual(result.returncode, 0)
        self.assertNotEqual(result.stderr, "")


class Crowd(unittest.TestCase):
    @staticmethod
    def raise_file_limit(wanted):
        """For this process and the daemons that it starts."""
        soft, hard = resource.getrlimit(resource.RLIMIT_NOFILE)
        try:
            resource.setrlimit(resource.RLIMIT_NOFILE, (max(soft, wanted), max(hard, wanted)))
        except ValueError:
            raise unittest.SkipTest(f"may not open {wanted} files here") from None
        return soft, hard

    def expect_idle(self, daemon):
        time.sleep(2)
        used, woken = daemon.cpu_seconds(), daemon.wakeups()
        time.sleep(IDLE_SECONDS)
        used, woken = daemon.cpu_seconds() - used, (daemon.wakeups() - woken).total()
        print(f"{used * 1000:.2f} ms of CPU and {woken} wakeups in {IDLE_SECONDS} s", flush=True)
        self.assertLess(woken, IDLE_WAKEUPS)
        self.assertLess(used, IDLE_SHARE * IDLE_SECONDS)

    def test_a_hundred_idle_sessions_use_no_cpu(self):
        if SANITIZED:
            self.skipTest("measured with the release program")
        with Daemon() as daemon:
            daemon.add_memory_disk()
            address = ("127.0.0.1", daemon.port)
            sessions = [Session(address, TARGET_NAME) for _ in range(100)]
            for session in sessions:
                session.clear_unit_attentions(1)
            self.expect_idle(daemon)
            for session in sessions:
                self.assertEqual(session.execute(TEST_UNIT_READY, lun=1).status, GOOD)
                session.close()

    def test_an_idle_daemon_without_sessions_uses_no_cpu(self):
        if SANITIZED:
            self.skipTest("measured with the release program")
        with Daemon() as daemon:
            daemon.add_memory_disk()
            self.expect_idle(daemon)

    def test_ten_thousand_silent_connections_cost_little_and_others_do_not_notice(self):
        limits = self.raise_file_limit(SILENT_CONNECTIONS + 1000)
        self.addCleanup(resource.setrlimit, resource.RLIMIT_NOFILE, limits)
        connections = []
        self.addCleanup(lambda: [connection.close() for connection in connections])
        with Daemon() as daemon:
            daemon.add_memory_disk()
            address = ("127.0.0.1", daemon.port)
            with Session(address, TARGET_NAME) as session:
                session.clear_unit_attentions(1)
                before = daemon.resident_kibibytes()
                for _ in range(SILENT_CONNECTIONS):
                    connections.append(self.connect(address))
                time.sleep(1)
                grown = daemon.resident_kibibytes() - before
                self.assertLess(grown, (1024 if SANITIZED else 256) * MIB, "memory for silent connections")
                began = time.monotonic()
                for number in range(100):
                    task = session.execute(read10(number, 8), lun=1, read=4096)
                    self.assertEqual(task.status, GOOD)
                self.assertLess(time.monotonic() - began, 30)
            for connection in connections:
                connection.close()
            connections.clear()
            self.assert_free_again(daemon, address)

    @staticmethod
    def connect(address):
        connection = socket.socket()
        connection.settimeout(10)
        try:
            connection.connect(address)
        except OSError:  # refusing the crowd is a way to bear it
            pass
        return connection

    def assert_free_again(self, daemon, address):
        """Once the crowd is gone a newcomer gets in, and the daemon holds no descriptors for the dead."""
        deadline = time.monotonic() + 20
        while daemon.open_files() > 200 and time.monotonic() < deadline:
            time.sleep(0.2)
        self.assertLess(daemon.open_files(), 200)
        with Session(address, TARGET_NAME) as newcomer:
            newcomer.clear_unit_attentions(1)
            self.assertEqual(newcomer.execute(TEST_UNIT_READY, lun=1).status, GOOD)

    def test_a_connection_that_never_logs_in_is_closed(self):
        with Daemon() as daemon:
            with socket.create_connection(("127.0.0.1", daemon.port), timeout=60) as silent:
                silent.sendall(bytes(20))  # part of a header, then nothing
                self.assertEqual(silent.recv(1), b"", "closed by the target")


if __name__ == "__main__":
    unittest.main()
