// SPDX-License-Identifier: Apache-2.0
#include "reactor/spot_reads.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <sys/syscall.h>
#include <sys/sysmacros.h>
#include <sys/utsname.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>
#include <cstdio>
#include <fstream>
#include <optional>
#include <string>
#include <utility>

namespace tgt {
namespace {

// As <linux/mman.h> has them from Linux 6.5 on.
struct Range {
  std::uint64_t offset;
  std::uint64_t length;
};
struct CacheStatus {
  std::uint64_t cached_pages;
  std::uint64_t others[4];
};
constexpr long cachestat_number = 451;  // on every architecture

std::optional<std::uint64_t> cached_pages(int descriptor, Range range) {
  CacheStatus status{};
  if (::syscall(cachestat_number, descriptor, &range, &status, 0) != 0) return std::nullopt;
  return status.cached_pages;
}

std::uint64_t page_size() {
  static const auto size = static_cast<std::uint64_t>(::sysconf(_SC_PAGESIZE));
  return size;
}

// For kernels without cachestat(2): does RWF_NOWAIT read what is cached and nothing else? A policy may hide the call on
// a later one.
bool nowait_begins_nothing() {
  utsname system{};
  int version = 0;
  int release = 0;
  if (::uname(&system) != 0 || std::sscanf(system.release, "%d.%d", &version, &release) != 2) return false;
  const std::pair kernel(version, release);
  return kernel >= std::pair(5, 10) && kernel < std::pair(6, 5);
}

// Of the disk below; nothing where nobody says it.
std::optional<std::uint64_t> read_ahead_of(int descriptor) {
  struct stat status{};
  if (::fstat(descriptor, &status) != 0) return std::nullopt;
  const bool is_device = S_ISBLK(status.st_mode);
  const dev_t device = is_device ? status.st_rdev : status.st_dev;
  const std::string number = std::to_string(major(device)) + ':' + std::to_string(minor(device));
  for (const std::string& place : {"/sys/dev/block/" + number + "/queue/", "/sys/dev/block/" + number + "/../queue/",
                                   "/sys/class/bdi/" + number + '/'}) {
    std::ifstream attribute(place + "read_ahead_kb");
    std::uint64_t kibibytes = 0;
    if (attribute >> kibibytes) return kibibytes << 10;
  }
  return std::nullopt;
}

bool takes_nowait(int descriptor) {
  std::uint8_t byte = 0;
  iovec vector{.iov_base = &byte, .iov_len = sizeof byte};
  return ::preadv2(descriptor, &vector, 1, 0, RWF_NOWAIT) >= 0 || errno == EAGAIN;
}

// Nothing: not to be had for this file.
std::optional<SpotReads> ways_of(int descriptor) {
  // The usual read-ahead. To look farther, page by page, would cost more than the read.
  constexpr std::uint64_t farthest_look = 128 << 10;
  // To note the time of a read may wait for the disk as well.
  const bool no_times = ::fcntl(descriptor, F_SETFL, O_NOATIME) == 0;
  if (!no_times || !takes_nowait(descriptor)) return std::nullopt;
  if (!cached_pages(descriptor, {.offset = 0, .length = 1})) {
    if (errno != ENOSYS || !nowait_begins_nothing()) return std::nullopt;
    return SpotReads{.descriptor = descriptor};
  }
  const std::uint64_t ahead = std::min(farthest_look, read_ahead_of(descriptor).value_or(farthest_look));
  return SpotReads{.descriptor = descriptor, .asks_first = true, .read_ahead = ahead};
}

}  // namespace

SpotReads SpotReads::of(int file) {
  const int descriptor = ::open(("/proc/self/fd/" + std::to_string(file)).c_str(), O_RDONLY | O_CLOEXEC);
  if (descriptor < 0) return {};
  if (const auto ways = ways_of(descriptor)) return *ways;
  ::close(descriptor);
  return {};
}

// Before the end of the file there is always something that read-ahead could reach, so its last bytes are not read so.
bool SpotReads::may_read(std::uint64_t offset, std::uint64_t length) const noexcept {
  if (descriptor < 0) return false;
  if (!asks_first) return true;
  const std::uint64_t first = offset / page_size();
  const std::uint64_t end = (offset + length + std::max(read_ahead, length)) / page_size() + 1;
  const auto cached = cached_pages(descriptor, {.offset = first * page_size(), .length = (end - first) * page_size()});
  return cached && *cached == end - first;
}

ssize_t SpotReads::read(iovec& vector, std::uint64_t offset) const noexcept {
  return ::preadv2(descriptor, &vector, 1, static_cast<off_t>(offset), RWF_NOWAIT);
}

}  // namespace tgt
