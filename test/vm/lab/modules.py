# SPDX-License-Identifier: Apache-2.0
"""Kernel modules: where they lie and in which order they load. Reads the modules themselves, so depmod is not needed."""

import lzma
import os
import re
import tempfile

# Needed at run time though no module names them: algorithms are looked up by name in the crypto API.
SOFT_DEPENDENCIES = {
    "libcrc32c": ["crc32c_generic"],
    "iscsi_tcp": ["crc32c_generic"],
    "ext4": ["crc32c_generic"],
}


class ModuleTree:
    """The modules of one unpacked kernel package."""

    def __init__(self, kernel_folder):
        modules = os.path.join(kernel_folder, "lib", "modules")
        if not os.path.isdir(modules):
            modules = os.path.join(kernel_folder, "usr", "lib", "modules")
        versions = os.listdir(modules)
        if len(versions) != 1:
            raise ValueError(f"{modules}: expected one kernel version, found {versions}")
        self.version = versions[0]
        images = [os.path.join(kernel_folder, "boot", "vmlinux"),
                  os.path.join(kernel_folder, "boot", "vmlinuz-" + self.version),
                  os.path.join(modules, self.version, "vmlinuz")]
        self.kernel_image = next(path for path in images if os.path.exists(path))
        self._folder = os.path.join(modules, self.version)
        self._path_of = dict(self._scan())
        self._builtin = self._read_builtin()

    def _scan(self):
        for folder, _, names in os.walk(self._folder):
            for name in names:
                if name.endswith((".ko", ".ko.xz")):
                    yield name.split(".")[0].replace("-", "_"), os.path.join(folder, name)

    def _read_builtin(self):
        with open(os.path.join(self._folder, "modules.builtin"), encoding="ascii") as listing:
            return {os.path.basename(line.strip())[:-3].replace("-", "_") for line in listing}

    def load_order(self, name):
        """Paths of the module and all it needs, dependencies first. Empty for what is built into the kernel."""
        order = []
        self._visit(name.replace("-", "_"), order, set())
        return order

    def _visit(self, name, order, seen):
        if name in seen or name in self._builtin:
            return
        seen.add(name)
        if name not in self._path_of:
            raise KeyError(f"kernel {self.version} has no module {name}")
        path = self._path_of[name] = self._unpacked(self._path_of[name])
        for dependency in self._dependencies(path) + SOFT_DEPENDENCIES.get(name, []):
            self._visit(dependency, order, seen)
        order.append(path)

    @staticmethod
    def _unpacked(path):
        """The module as the guest can load it: beside the packed one, made when it is needed for the first time."""
        if not path.endswith(".xz"):
            return path
        final = path[: -len(".xz")]
        if not os.path.exists(final):
            with lzma.open(path) as packed, tempfile.NamedTemporaryFile(dir=os.path.dirname(path), delete=False) as file:
                file.write(packed.read())
            os.chmod(file.name, 0o644)
            os.rename(file.name, final)
        return final

    @staticmethod
    def _dependencies(path):
        with open(path, "rb") as module:
            match = re.search(rb"\0depends=([^\0]*)\0", module.read())
        names = match.group(1).decode("ascii") if match else ""
        return [name.replace("-", "_") for name in names.split(",") if name]
