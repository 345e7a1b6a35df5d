# SPDX-License-Identifier: Apache-2.0
"""A file system of one file that stops answering when it is told to: a server that is gone, or a dying disk. It speaks
FUSE's protocol itself, over /dev/fuse, so that nothing has to be installed. Run by HangingFiles in a process of its own:
whoever waits for it must not be the one who serves."""

import contextlib
import ctypes
import errno
import os
import select
import shutil
import struct
import subprocess
import sys
import tempfile
import time

NAME = "file"
ROOT_NODE, FILE_NODE = 1, 2
FOR_EVER = 3600
LARGEST_WRITE = 1 << 17
REQUEST = struct.Struct("<IIQQ")  # of its 40 bytes: length, operation, its number, node
LOOKUP, FORGET, GETATTR, SETATTR, OPEN, READ, WRITE, STATFS, RELEASE, FSYNC, FLUSH, INIT, OPENDIR, INTERRUPT = (
    1, 2, 3, 4, 14, 15, 16, 17, 18, 20, 25, 26, 27, 36)
BATCH_FORGET = 42


class Server:
    def __init__(self, folder, size, flag):
        self.content = bytearray(size)
        self.flag = flag
        self.device = os.open("/dev/fuse", os.O_RDWR)
        options = f"fd={self.device},rootmode=40000,user_id=0,group_id=0,allow_other"
        if ctypes.CDLL(None, use_errno=True).mount(b"hanging", folder.encode(), b"fuse", 0, options.encode()) != 0:
            raise OSError(ctypes.get_errno(), "mount")

    def reply(self, number, body=b"", error=0):
        with contextlib.suppress(OSError):  # who asked has gone
            os.write(self.device, struct.pack("<IiQ", 16 + len(body), -error, number) + body)

    def attributes(self, node):
        size, mode = (0, 0o40755) if node == ROOT_NODE else (len(self.content), 0o100644)
        return struct.pack("<6Q10I", node, size, size // 512, 0, 0, 0, 0, 0, 0, mode, 1, 0, 0, 0, 4096, 0)

    def answer(self, request):
        _, operation, number, node = REQUEST.unpack_from(request)
        words = request[40:]
        if operation in (FORGET, BATCH_FORGET, INTERRUPT):
            return
        body, error = b"", 0
        if operation == INIT:
            body = struct.pack("<IIIIHHIIHHII", 7, 31, LARGEST_WRITE, 0, 64, 48, LARGEST_WRITE, 1, 0, 0, 0, 0) + bytes(24)
        elif operation == LOOKUP and words[:words.index(0)] == NAME.encode():
            body = struct.pack("<QQQQII", FILE_NODE, 0, FOR_EVER, FOR_EVER, 0, 0) + self.attributes(FILE_NODE)
        elif operation == LOOKUP:
            error = errno.ENOENT
        elif operation in (GETATTR, SETATTR):
            body = struct.pack("<QII", FOR_EVER, 0, 0) + self.attributes(node)
        elif operation in (OPEN, OPENDIR):
            body = struct.pack("<QII", 1, 0, 0)
        elif operation == READ:
            _, offset, length = struct.unpack_from("<QQI", words)
            body = bytes(self.content[offset:offset + length])
        elif operation == WRITE:
            _, offset, length = struct.unpack_from("<QQI", words)
            self.content[offset:offset + length] = words[40:40 + length]
            body = struct.pack("<II", length, 0)
        elif operation == STATFS:
            body = struct.pack("<5Q4I", 1 << 20, 1 << 19, 1 << 19, 100, 100, 4096, 255, 4096, 0) + bytes(24)
        elif operation not in (FLUSH, FSYNC, RELEASE):
            error = errno.ENOSYS
        self.reply(number, body, error)

    def serve(self):
        held = []
        while True:
            hangs = os.path.exists(self.flag)
            while held and not hangs:
                self.answer(held.pop(0))
            if not select.select([self.device], [], [], 0.02)[0]:
                continue
            try:
                request = os.read(self.device, LARGEST_WRITE + 4096)
            except OSError as error:
                if error.errno == errno.ENODEV:  # unmounted
                    return
                continue
            if os.path.exists(self.flag):
                held.append(request)
            else:
                self.answer(request)


class HangingFiles:
    """A context manager. `path` is the file."""

    def __init__(self, size):
        self.size = size

    def __enter__(self):
        self.folder = tempfile.mkdtemp(prefix="tgt-hanging-")
        self.mounted = os.path.join(self.folder, "mounted")
        self.flag = os.path.join(self.folder, "hangs")
        self.path = os.path.join(self.mounted, NAME)
        os.mkdir(self.mounted)
        self.server = subprocess.Popen([sys.executable, __file__, self.mounted, str(self.size), self.flag],
                                       stderr=subprocess.PIPE, text=True)
        while not os.path.ismount(self.mounted):
            if self.server.poll() is not None:
                why = self.server.communicate()[1]
                shutil.rmtree(self.folder)
                raise OSError(f"nothing can be served over /dev/fuse here: {why.strip().splitlines()[-1:]}")
            time.sleep(0.01)
        return self

    def __exit__(self, *_):
        self.answer_again()
        subprocess.run(["umount", self.mounted], check=True, timeout=60)
        self.server.communicate(timeout=60)
        shutil.rmtree(self.folder)

    def hang(self):
        with open(self.flag, "w", encoding="ascii"):
            pass

    def answer_again(self):
        with contextlib.suppress(FileNotFoundError):
            os.remove(self.flag)


if __name__ == "__main__":
    Server(sys.argv[1], int(sys.argv[2]), sys.argv[3]).serve()
