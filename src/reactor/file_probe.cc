// SPDX-License-Identifier: Apache-2.0
#include "reactor/file_probe.h"

#include <fcntl.h>
#include <linux/fs.h>
#include <linux/magic.h>
#include <sys/eventfd.h>
#include <sys/ioctl.h>
#include <sys/stat.h>
#include <sys/statfs.h>
#include <sys/statvfs.h>
#include <sys/sysmacros.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <fstream>
#include <utility>

namespace tgt {
namespace {

std::unexpected<IoError> last_error() { return failure(IoError::from_errno(errno)); }

int open_flags(const File::OpenOptions& options, bool is_block_device) {
  int flags = O_CLOEXEC | (options.writable ? O_RDWR : O_RDONLY);
  if (options.create && !is_block_device) flags |= O_CREAT;
  if (options.direct) flags |= O_DIRECT;
  // On a block device O_EXCL claims it for us; on a file it would mean "must not exist".
  if (options.exclusive && is_block_device) flags |= O_EXCL;
  return flags;
}

// A value of the block device's queue; of a partition it is its disk's that counts.
std::uint64_t queue_attribute(dev_t device, const char* name) {
  const std::string base = "/sys/dev/block/" + std::to_string(major(device)) + ':' + std::to_string(minor(device));
  for (const char* queue : {"/queue/", "/../queue/"}) {
    std::ifstream attribute(base + queue + name);
    std::uint64_t value = 0;
    if (attribute >> value) return value;
  }
  return 0;
}

Result<File::Properties, IoError> probe_block_device(int descriptor, dev_t device) {
  File::Properties properties;
  properties.is_block_device = true;
  int logical = 0;
  unsigned physical = 0;
  unsigned short rotational = 0;
  if (::ioctl(descriptor, BLKGETSIZE64, &properties.size) != 0) return last_error();
  if (::ioctl(descriptor, BLKSSZGET, &logical) == 0 && logical > 0) {
    properties.logical_block_size = static_cast<std::uint32_t>(logical);
  }
  properties.physical_block_size = properties.logical_block_size;
  if (::ioctl(descriptor, BLKPBSZGET, &physical) == 0) properties.physical_block_size = physical;
  int offset = 0;  // -1 where blocks below do not fit each other
  if (::ioctl(descriptor, BLKALIGNOFF, &offset) == 0 && offset > 0) {
    properties.alignment_offset = static_cast<std::uint32_t>(offset);
  }
  properties.direct_alignment = properties.logical_block_size;
  properties.direct_memory_alignment = properties.logical_block_size;
  if (::ioctl(descriptor, BLKROTATIONAL, &rotational) == 0) properties.rotational = rotational != 0;
  // A discard alone promises nothing about what is read afterwards; one that writes zeros by deallocating does.
  properties.can_deallocate =
      queue_attribute(device, "discard_max_bytes") != 0 && queue_attribute(device, "write_zeroes_max_bytes") != 0;
  return properties;
}

void set_direct_alignment(int descriptor, std::uint32_t preferred_block, File::Properties& properties) {
  // A multiple of every file system's real need, where it does not say.
  properties.direct_alignment = std::clamp<std::uint32_t>(preferred_block, 4096, 65536);
  properties.direct_memory_alignment = properties.direct_alignment;
#ifdef STATX_DIOALIGN
  struct statx status{};
  const bool told = ::statx(descriptor, "", AT_EMPTY_PATH, STATX_DIOALIGN, &status) == 0 &&
                    (status.stx_mask & STATX_DIOALIGN) != 0 && status.stx_dio_offset_align != 0;
  if (!told) return;
  properties.direct_alignment = status.stx_dio_offset_align;
  properties.direct_memory_alignment = status.stx_dio_mem_align;
#endif
}

File::Properties probe_file(int descriptor, const struct stat& status, bool writable) {
  File::Properties properties;
  properties.size = static_cast<std::uint64_t>(status.st_size);
  constexpr std::uint32_t page = 4096;
  set_direct_alignment(descriptor, static_cast<std::uint32_t>(status.st_blksize), properties);
  // A hole behind the end of the file changes nothing, but says whether the file system knows holes.
  constexpr int mode = FALLOC_FL_PUNCH_HOLE | FALLOC_FL_KEEP_SIZE;
  const off_t behind = (status.st_size + page - 1) / page * page;
  properties.can_deallocate = writable && ::fallocate(descriptor, mode, behind, page) == 0;
  return properties;
}

bool lives_in_memory(int descriptor) {
  struct statfs system{};
  if (::fstatfs(descriptor, &system) != 0) return false;
  return system.f_type == TMPFS_MAGIC || system.f_type == HUGETLBFS_MAGIC || system.f_type == RAMFS_MAGIC;
}

// Of a device past the page cache, whose requests are handed over and not waited for. EINVAL: one byte is no request,
// but the flag was understood.
bool takes_nowait(int descriptor) {
  std::uint8_t byte = 0;
  iovec vector{.iov_base = &byte, .iov_len = sizeof byte};
  return ::preadv2(descriptor, &vector, 1, 0, RWF_NOWAIT) >= 0 || errno == EAGAIN || errno == EINVAL;
}

Result<OpenedFile, IoError> probe(int descriptor, const File::OpenOptions& options) {
  OpenedFile opened;
  opened.descriptor = descriptor;
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return last_error();
  if (S_ISBLK(status.st_mode)) {
    const auto properties = probe_block_device(descriptor, status.st_rdev);
    if (!properties) return failure(properties.error());
    opened.properties = *properties;
    opened.properties.identity = {.device = status.st_rdev};
    opened.nowait = options.direct && takes_nowait(descriptor);
  } else if (S_ISREG(status.st_mode)) {
    opened.properties = probe_file(descriptor, status, options.writable);
    opened.properties.identity = {.device = status.st_dev, .number = status.st_ino};
    opened.never_sleeps = !options.direct && lives_in_memory(descriptor);
  } else {
    return failure(IoError::from_errno(EINVAL));
  }
  if (!options.direct && !opened.never_sleeps) opened.spot_reads = SpotReads::of(descriptor);
  return opened;
}

// For policies that refuse statx; a network file system may ask its server.
Result<File::Facts, IoError> facts_by_fstat(int descriptor) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return last_error();
  return File::Facts{.size = static_cast<std::uint64_t>(status.st_size),
                     .names = static_cast<std::uint32_t>(status.st_nlink)};
}

}  // namespace

Result<OpenedFile, IoError> open_and_probe(const std::string& path, const File::OpenOptions& options) {
  // Looked at before it is opened: the open of a tape rewinds it, that of a pipe waits for its other end.
  struct stat status{};
  const bool exists = ::stat(path.c_str(), &status) == 0;
  if (!exists && (errno != ENOENT || !options.create)) return last_error();
  const bool is_block_device = exists && S_ISBLK(status.st_mode);
  if (exists && !is_block_device && !S_ISREG(status.st_mode)) return failure(IoError::from_errno(EINVAL));
  const int descriptor = ::open(path.c_str(), open_flags(options, is_block_device), S_IRUSR | S_IWUSR);
  if (descriptor < 0) return last_error();
  auto opened = probe(descriptor, options);
  if (!opened) ::close(descriptor);
  return opened;
}

void close_file(OpenDescriptors open) {
  if (open.spot_reads >= 0) ::close(open.spot_reads);
  const int stand_in = ::eventfd(0, EFD_CLOEXEC);
  if (stand_in >= 0) {
    ::dup3(stand_in, open.file, O_CLOEXEC);  // closes the file
    ::close(stand_in);
  }
  ::close(open.file);
}

Result<std::uint64_t, IoError> size_of_file(int descriptor) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return last_error();
  std::uint64_t size = static_cast<std::uint64_t>(status.st_size);
  if (S_ISBLK(status.st_mode) && ::ioctl(descriptor, BLKGETSIZE64, &size) != 0) return last_error();
  return size;
}

Result<File::Facts, IoError> facts_of_file(int descriptor) {
  struct statx status{};
  constexpr int flags = AT_EMPTY_PATH | AT_STATX_DONT_SYNC;
  if (::statx(descriptor, "", flags, STATX_SIZE | STATX_NLINK, &status) != 0) return facts_by_fstat(descriptor);
  return File::Facts{.size = status.stx_size, .names = status.stx_nlink};
}

Result<File::Space, IoError> space_of_file(int descriptor) {
  constexpr std::uint64_t unit_of_blocks = 512;  // of st_blocks, whatever the file system's blocks are
  struct stat status{};
  struct statvfs system{};
  if (::fstat(descriptor, &status) != 0 || ::fstatvfs(descriptor, &system) != 0) return last_error();
  return File::Space{.allocated = static_cast<std::uint64_t>(status.st_blocks) * unit_of_blocks,
                     .available = std::uint64_t{system.f_bavail} * system.f_frsize};
}

Result<File::Extent, IoError> extent_of_file(int descriptor, std::uint64_t offset) {
  const auto size = size_of_file(descriptor);
  if (!size) return failure(size.error());
  if (offset >= *size) return File::Extent{.length = 0, .allocated = false};
  const File::Extent all{.length = *size - offset, .allocated = true};
  // The position that lseek moves belongs to nobody: every transfer names its own.
  const off_t data = ::lseek(descriptor, static_cast<off_t>(offset), SEEK_DATA);
  if (data < 0 && errno == ENXIO) return File::Extent{.length = all.length, .allocated = false};
  if (data < 0 && errno != EINVAL) return last_error();
  if (data < 0) return all;
  const auto next = static_cast<std::uint64_t>(data);
  if (next > offset) return File::Extent{.length = std::min(next - offset, all.length), .allocated = false};
  const off_t hole = ::lseek(descriptor, static_cast<off_t>(offset), SEEK_HOLE);
  if (hole < 0 || static_cast<std::uint64_t>(hole) <= offset) return all;
  return File::Extent{.length = std::min(static_cast<std::uint64_t>(hole) - offset, all.length), .allocated = true};
}

}  // namespace tgt
