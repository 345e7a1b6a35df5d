# SPDX-License-Identifier: Apache-2.0
"""Runs inside the guest as its first process: executes what the host asks for over a virtio-serial port.

One JSON document a line, both ways. Request: {"id", "argv", "stdin", "timeout"} or {"id", "signal", "number"}
(a signal for the process group started by request "id"). Answer: {"id", "exit", "stdout", "stderr", "timed_out"}.
Byte strings travel as base64. Commands run at the same time, each in its own process group.
"""

import base64
import glob
import json
import os
import signal
import subprocess
import sys
import threading

PORT_NAME = "lab.agent"


def find_port():
    for name_file in glob.glob("/sys/class/virtio-ports/*/name"):
        with open(name_file, encoding="ascii") as file:
            if file.read().strip() == PORT_NAME:
                return "/dev/" + os.path.basename(os.path.dirname(name_file))
    raise FileNotFoundError("no virtio-serial port named " + PORT_NAME)


class Agent:
    def __init__(self, port):
        self._port = port
        self._sending = threading.Lock()
        self._running = {}

    def send(self, answer):
        line = json.dumps(answer).encode() + b"\n"
        with self._sending:
            while line:
                line = line[os.write(self._port, line):]

    def serve(self):
        self.send({"id": 0, "ready": True})
        with os.fdopen(os.dup(self._port), "rb", buffering=65536) as lines:
            for line in lines:
                request = json.loads(line)
                if "signal" in request:
                    self._signal(request)
                else:
                    threading.Thread(target=self._execute, args=(request,), daemon=True).start()

    def _signal(self, request):
        process = self._running.get(request["id"])
        if process is not None:
            try:
                os.killpg(process.pid, request["signal"])
            except ProcessLookupError:
                pass

    def _execute(self, request):
        answer = {"id": request["id"], "exit": None, "stdout": "", "stderr": "", "timed_out": False}
        try:
            process = subprocess.Popen(request["argv"], stdin=subprocess.PIPE, stdout=subprocess.PIPE,
                                       stderr=subprocess.PIPE, start_new_session=True, env=request.get("env"))
        except OSError as error:
            answer.update(exit=127, stderr=base64.b64encode(str(error).encode()).decode())
            self.send(answer)
            return
        self._running[request["id"]] = process
        out, err = self._communicate(process, request, answer)
        del self._running[request["id"]]
        answer.update(exit=process.returncode, stdout=base64.b64encode(out).decode(),
                      stderr=base64.b64encode(err).decode())
        self.send(answer)

    @staticmethod
    def _communicate(process, request, answer):
        try:
            return process.communicate(base64.b64decode(request.get("stdin", "")), timeout=request.get("timeout"))
        except subprocess.TimeoutExpired:
            answer["timed_out"] = True
            os.killpg(process.pid, signal.SIGKILL)
        try:
            return process.communicate(timeout=5)
        except subprocess.TimeoutExpired:  # in uninterruptible sleep: leave it behind
            process.returncode = -signal.SIGKILL
            return b"", b""


def main():
    port = os.open(find_port(), os.O_RDWR | os.O_CLOEXEC)
    print("lab: agent ready", file=sys.stderr, flush=True)
    Agent(port).serve()


if __name__ == "__main__":
    main()
