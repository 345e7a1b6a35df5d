# SPDX-License-Identifier: Apache-2.0
"""Debian packages for the guest: fetched with apt, unpacked into a cache, never installed."""

import glob
import json
import lzma
import os
import re
import shutil
import struct
import subprocess
import tempfile
import time

STABLE = "stable"  # the kernel of the machine's own Debian
RECENT = "recent"  # one that has what is new: bsg through io_uring
RECENT_AT_LEAST = (7, 1)
RECENT_SUITES = ("trixie-backports", "sid")  # asked in this order
ARCHIVE = "http://deb.debian.org/debian"
ARCHIVE_KEYS = "/usr/share/keyrings/debian-archive-keyring.gpg"
KERNEL_METAPACKAGE = "linux-image-amd64"
RESOLVED_SECONDS = 24 * 3600  # asking apt takes longer than booting: its answers are kept for a day
# Programs that only the guest runs. Installing them on the host would start services there.
GUEST_PACKAGES = ("open-iscsi", "xfsprogs")


class PackageError(Exception):
    """apt could not give what the laboratory needs."""


def _output(*argv):
    try:
        result = subprocess.run(argv, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, timeout=300)
    except subprocess.TimeoutExpired as error:
        raise PackageError(f"{' '.join(argv)} did not end in {error.timeout} s") from error
    if result.returncode != 0:
        raise PackageError(f"{' '.join(argv)} failed: {result.stderr.strip() or result.stdout.strip()}")
    return result.stdout


def _recent_archive(cache, suite):
    """apt's options for a suite that the machine itself does not use: all state of it lies in the cache."""
    folder = os.path.join(cache, "apt-" + suite)
    for name in ("lists/partial", "cache/archives/partial", "state"):
        os.makedirs(os.path.join(folder, name), exist_ok=True)
    sources = os.path.join(folder, "sources.list")
    with open(sources, "w", encoding="ascii") as file:
        file.write(f"deb [signed-by={ARCHIVE_KEYS}] {ARCHIVE} {suite} main\n")
    settings = {"Dir::Etc::sourcelist": sources, "Dir::Etc::sourceparts": "/dev/null", "Dir::Etc::preferencesparts": "/dev/null",
                "Dir::State": os.path.join(folder, "state"), "Dir::State::lists": os.path.join(folder, "lists"),
                "Dir::State::status": "/var/lib/dpkg/status", "Dir::Cache": os.path.join(folder, "cache"),
                "Acquire::Languages": "none", "Acquire::http::Timeout": "20", "Acquire::Retries": "1"}
    options = tuple(word for name, value in settings.items() for word in ("-o", f"{name}={value}"))
    _output("apt-get", "-q", *options, "-o", "APT::Sandbox::User=root", "-o", "APT::Update::Error-Mode=any", "update")
    return options


def _kernel_packages(apt_options=()):
    """The package that Debian's kernel metapackage stands for today, e.g. linux-image-6.1.0-56-amd64, and its parts."""
    depends = _output("apt-cache", *apt_options, "depends", "--important", KERNEL_METAPACKAGE)
    match = re.search(r"Depends: (linux-image-\d\S+)", depends)
    if not match:
        raise PackageError(f"{KERNEL_METAPACKAGE} names no kernel; is 'apt-get update' needed?")
    parts = _output("apt-cache", *apt_options, "depends", "--important", match.group(1))
    return [match.group(1), *re.findall(r"Depends: (linux-(?:base|binary|modules)-\d\S+)", parts)]


def _candidate_version(package, apt_options=()):
    policy = _output("apt-cache", *apt_options, "policy", package)
    match = re.search(r"Candidate: (\S+)", policy)
    return match.group(1) if match else "unknown"


def _download_and_unpack(packages, folder, apt_options=()):
    """Unpacks the packages' files below `folder`."""
    with tempfile.TemporaryDirectory() as downloads:
        command = ["apt-get", "-q", *apt_options, "-o", "APT::Sandbox::User=root", "download", *packages]
        try:
            result = subprocess.run(command, cwd=downloads, stdout=subprocess.PIPE, stderr=subprocess.STDOUT, text=True,
                                    timeout=600)
        except subprocess.TimeoutExpired as error:
            raise PackageError(f"cannot download {' '.join(packages)} in {error.timeout} s") from error
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


def _is_whole_elf(data):
    """Is this an ELF file, down to its section headers, which stand at the end?"""
    if len(data) < 64 or not data.startswith(b"\x7fELF"):
        return False
    section_headers, = struct.unpack_from("<Q", data, 40)
    size, count = struct.unpack_from("<HH", data, 58)
    return section_headers + size * count <= len(data)


def _unpacked_kernel(packed):
    """The kernel proper out of its self-extracting image; None when it is packed in a way that nobody here knows."""
    start = packed.find(b"\xfd7zXZ\0")
    if start >= 0:
        unpacked = lzma.LZMADecompressor(format=lzma.FORMAT_XZ).decompress(packed[start:])
        return unpacked if _is_whole_elf(unpacked) else None
    start = packed.find(b"\x28\xb5\x2f\xfd")
    if start >= 0 and shutil.which("zstd"):
        # It complains of what follows in the image, after it has written everything.
        unpacked = subprocess.run(["zstd", "-dcq"], input=packed[start:], stdout=subprocess.PIPE,
                                  stderr=subprocess.DEVNULL, timeout=120).stdout
        return unpacked if _is_whole_elf(unpacked) else None
    return None


def _uncompress_kernel(folder):
    """Lays the kernel proper (boot/vmlinux) beside its self-extracting image: the emulated CPU needs long to unpack it."""
    for pattern in ("boot/vmlinuz-*", "usr/lib/modules/*/vmlinuz"):
        for path in glob.glob(os.path.join(folder, pattern)):
            with open(path, "rb") as file:
                unpacked = _unpacked_kernel(file.read())
            if unpacked is not None:
                os.makedirs(os.path.join(folder, "boot"), exist_ok=True)
                with open(os.path.join(folder, "boot", "vmlinux"), "wb") as file:
                    file.write(unpacked)


def _kernel_folder(cache, apt_options=()):
    """The folder with Debian's kernel and its modules, fetched when it is not in the cache."""
    packages = _kernel_packages(apt_options)
    name = f"{packages[0]}_{_candidate_version(packages[0], apt_options)}".replace(":", "%3a")

    def fill(folder):
        print(f"vm: fetching Debian's kernel {packages[0]} (unpacked into {cache}, not installed)", flush=True)
        _download_and_unpack(packages, folder, apt_options)
        _uncompress_kernel(folder)
        for unused in ("usr/share/doc", "usr/share/bug", "usr/share/lintian"):
            shutil.rmtree(os.path.join(folder, unused), ignore_errors=True)

    return _cached(cache, name, fill)


def _recent_kernel_folder(cache):
    refusals = []
    for suite in RECENT_SUITES:
        try:
            options = _recent_archive(cache, suite)
            package = _kernel_packages(options)[0]
            version = tuple(map(int, re.match(r"linux-image-(\d+)\.(\d+)", package).groups()))
            if version >= RECENT_AT_LEAST:
                return _kernel_folder(cache, options)
            refusals.append(f"{suite} has {package}")
        except PackageError as error:
            refusals.append(f"{suite}: {str(error).splitlines()[0]}")
    raise PackageError(f"no kernel {'.'.join(map(str, RECENT_AT_LEAST))} or later to be had: {'; '.join(refusals)}")


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


def folders(cache, kernel=STABLE):
    """(kernel's folder, guest programs' folder), fetched when they are not in the cache."""
    note = os.path.join(cache, "resolved.json" if kernel == STABLE else f"resolved-{kernel}.json")
    try:
        if time.time() - os.path.getmtime(note) < RESOLVED_SECONDS:
            with open(note, encoding="utf-8") as file:
                resolved = json.load(file)
            if resolved["programs"] == list(GUEST_PACKAGES) and all(map(os.path.isdir, resolved["folders"])):
                return tuple(resolved["folders"])
    except (OSError, ValueError, TypeError, KeyError):
        pass
    os.makedirs(cache, exist_ok=True)
    kernel_folder = _kernel_folder(cache) if kernel == STABLE else _recent_kernel_folder(cache)
    resolved = (kernel_folder, _guest_programs_folder(cache))
    scratch = f"{note}.{os.getpid()}"
    with open(scratch, "w", encoding="utf-8") as file:
        json.dump({"programs": GUEST_PACKAGES, "folders": resolved}, file)
    os.rename(scratch, note)
    return resolved
