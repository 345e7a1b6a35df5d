# SPDX-License-Identifier: Apache-2.0
"""Debian packages for the guest: fetched with apt, unpacked into a cache, never installed."""

import glob
import json
import lzma
import os
import re
import shutil
import subprocess
import tempfile
import time

KERNEL_METAPACKAGE = "linux-image-amd64"
RESOLVED_SECONDS = 24 * 3600  # asking apt takes longer than booting: its answers are kept for a day
# Programs that only the guest runs. Installing them on the host would start services there.
GUEST_PACKAGES = ("open-iscsi",)


class PackageError(Exception):
    """apt could not give what the laboratory needs."""


def _output(*argv):
    result = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)
    if result.returncode != 0:
        raise PackageError(f"{' '.join(argv)} failed: {result.stderr.strip() or result.stdout.strip()}")
    return result.stdout


def _kernel_package():
    """The package that Debian's kernel metapackage stands for today, e.g. linux-image-6.1.0-56-amd64."""
    depends = _output("apt-cache", "depends", "--important", KERNEL_METAPACKAGE)
    match = re.search(r"Depends: (linux-image-\d\S+)", depends)
    if not match:
        raise PackageError(f"{KERNEL_METAPACKAGE} names no kernel; is 'apt-get update' needed?")
    return match.group(1)


def _candidate_version(package):
    policy = _output("apt-cache", "policy", package)
    match = re.search(r"Candidate: (\S+)", policy)
    return match.group(1) if match else "unknown"


def _download_and_unpack(packages, folder):
    """Unpacks the packages' files below `folder`."""
    with tempfile.TemporaryDirectory() as downloads:
        command = ["apt-get", "-q", "-o", "APT::Sandbox::User=root", "download", *packages]
        result = subprocess.run(command, cwd=downloads, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                timeout=600)
        if result.returncode != 0:
            raise PackageError(f"cannot download {' '.join(packages)}: {result.stdout.strip()}")
        for name in sorted(os.listdir(downloads)):
            subprocess.run(["dpkg", "-x", os.path.join(downloads, name), folder], check=True, timeout=300)


def _cached(cache, name, fill):
    """The folder `cache/name`; `fill(folder)` makes its content once, completely or not at all."""
    final = os.path.join(cache, name)
    if os.path.isdir(final):
        return final
    os.makedirs(cache, exist_ok=True)
    scratch = tempfile.mkdtemp(prefix=name + ".", dir=cache)
    try:
        fill(scratch)
        os.chmod(scratch, 0o755)
        os.rename(scratch, final)
    except OSError:
        if not os.path.isdir(final):  # else somebody else was faster: theirs is as good
            raise
    finally:
        shutil.rmtree(scratch, ignore_errors=True)
    return final


def _uncompress_kernel(folder):
    """Lays the kernel proper (boot/vmlinux) beside its self-extracting image: the emulated CPU needs long to unpack it."""
    for path in glob.glob(os.path.join(folder, "boot", "vmlinuz-*")):
        with open(path, "rb") as file:
            packed = file.read()
        start = packed.find(b"\xfd7zXZ\0")
        if start >= 0:
            unpacked = lzma.LZMADecompressor(format=lzma.FORMAT_XZ).decompress(packed[start:])
            if unpacked.startswith(b"\x7fELF"):
                with open(os.path.join(folder, "boot", "vmlinux"), "wb") as file:
                    file.write(unpacked)


def _kernel_folder(cache):
    """The folder with Debian's kernel (boot/vmlinuz-*, lib/modules/*), fetched when it is not in the cache."""
    package = _kernel_package()
    name = f"{package}_{_candidate_version(package)}".replace(":", "%3a")

    def fill(folder):
        print(f"vm: fetching Debian's kernel {package} (unpacked into {cache}, not installed)", flush=True)
        _download_and_unpack([package], folder)
        _uncompress_kernel(folder)
        for unused in ("usr/share/doc", "usr/share/bug"):
            shutil.rmtree(os.path.join(folder, unused), ignore_errors=True)

    return _cached(cache, name, fill)


def _packages_missing_for(packages):
    """`packages` and what they depend on, less all that the machine has already."""
    simulated = _output("apt-get", "-s", "--no-install-recommends", "install", *packages)
    return sorted(set(re.findall(r"^Inst (\S+)", simulated, re.MULTILINE)))


def _follow_usr_merge(folder):
    """Moves /bin, /sbin and /lib below /usr: over a merged root a real folder would hide the link of that name."""
    for name in ("bin", "sbin", "lib", "lib64"):
        source = os.path.join(folder, name)
        if os.path.isdir(source) and not os.path.islink(source):
            target = os.path.join(folder, "usr", name)
            shutil.copytree(source, target, symlinks=True, dirs_exist_ok=True)
            shutil.rmtree(source)


def _guest_programs_folder(cache):
    """A folder with the files of GUEST_PACKAGES, to be laid over the host's root in the guest."""
    missing = _packages_missing_for(GUEST_PACKAGES)
    versions = "_".join(_candidate_version(package) for package in missing) or "installed"
    name = "guest-programs_" + re.sub(r"[^A-Za-z0-9.+~-]", "_", versions)

    def fill(folder):
        if missing:
            print(f"vm: fetching {' '.join(missing)} for the guest (unpacked into {cache}, not installed)", flush=True)
            _download_and_unpack(missing, folder)
            _follow_usr_merge(folder)

    return _cached(cache, name, fill)


def folders(cache):
    """(kernel's folder, guest programs' folder), fetched when they are not in the cache."""
    note = os.path.join(cache, "resolved.json")
    try:
        if time.time() - os.path.getmtime(note) < RESOLVED_SECONDS:
            with open(note, encoding="utf-8") as file:
                resolved = json.load(file)
            if all(os.path.isdir(folder) for folder in resolved):
                return tuple(resolved)
    except (OSError, ValueError):
        pass
    resolved = (_kernel_folder(cache), _guest_programs_folder(cache))
    scratch = f"{note}.{os.getpid()}"
    with open(scratch, "w", encoding="utf-8") as file:
        json.dump(resolved, file)
    os.rename(scratch, note)
    return resolved
