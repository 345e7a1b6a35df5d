// SPDX-License-Identifier: Apache-2.0
#include "reactor/locked_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

#include "reactor/make_folder.h"

namespace tgt {
namespace {

// A descriptor that is closed with its scope.
class Descriptor {
 public:
  explicit Descriptor(int descriptor) : descriptor_(descriptor) {}
  Descriptor(const Descriptor&) = delete;
  Descriptor& operator=(const Descriptor&) = delete;
  ~Descriptor() {
    if (descriptor_ >= 0) ::close(descriptor_);
  }
  int get() const { return descriptor_; }
  int release() { return std::exchange(descriptor_, -1); }

 private:
  int descriptor_;
};

std::unexpected<IoError> last_error() { return failure(IoError::from_errno(errno)); }

int open_folder(const std::string& path) { return ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC); }

Result<void, IoError> write_file(int folder, const std::string& name, Bytes content) {
  constexpr int flags = O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC | O_NOFOLLOW;
  const Descriptor file(::openat(folder, name.c_str(), flags, 0600));
  if (file.get() < 0) return last_error();
  while (!content.empty()) {
    const ssize_t written = ::write(file.get(), content.data(), content.size());
    if (written < 0 && errno == EINTR) continue;
    if (written < 0) return last_error();
    content = content.subspan(static_cast<std::size_t>(written));
  }
  if (::fsync(file.get()) != 0) return last_error();
  return {};
}

}  // namespace

Result<LockedFolder, IoError> LockedFolder::open(const std::string& path) {
  std::string bare = path;
  while (bare.size() > 1 && bare.back() == '/') bare.pop_back();
  if (auto made = make_folder(bare, FolderFor::us_alone); !made) return failure(made.error());
  Descriptor folder(open_folder(bare));
  if (folder.get() < 0) return last_error();
  auto lock = LockFile::acquire(bare + "/lock");
  if (!lock) return failure(lock.error());
  return LockedFolder(std::move(bare), folder.release(), std::move(*lock));
}

LockedFolder::~LockedFolder() {
  if (descriptor_ >= 0) ::close(descriptor_);
}

Result<std::optional<std::vector<std::uint8_t>>, IoError> LockedFolder::read(const std::string& name,
                                                                             std::size_t longest) const {
  const Descriptor file(::openat(descriptor_, name.c_str(), O_RDONLY | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK));
  if (file.get() < 0 && errno == ENOENT) return std::optional<std::vector<std::uint8_t>>();
  if (file.get() < 0) return last_error();
  struct stat status{};
  if (::fstat(file.get(), &status) != 0) return last_error();
  if (!S_ISREG(status.st_mode)) return failure(IoError::from_errno(EINVAL));
  if (static_cast<std::uint64_t>(status.st_size) > longest) return failure(IoError::from_errno(EFBIG));
  std::vector<std::uint8_t> content(static_cast<std::size_t>(status.st_size));
  std::size_t done = 0;
  while (done < content.size()) {
    const ssize_t got = ::read(file.get(), content.data() + done, content.size() - done);
    if (got < 0 && errno == EINTR) continue;
    if (got < 0) return last_error();
    if (got == 0) break;  // it became shorter: whoever knows its format will see that
    done += static_cast<std::size_t>(got);
  }
  content.resize(done);
  return std::optional(std::move(content));
}

Result<void, IoError> LockedFolder::replace(const std::string& name, Bytes content) const {
  const std::string fresh = name + ".new";
  auto written = write_file(descriptor_, fresh, content);
  if (written && ::renameat(descriptor_, fresh.c_str(), descriptor_, name.c_str()) != 0) written = last_error();
  if (!written) {
    ::unlinkat(descriptor_, fresh.c_str(), 0);
    return written;
  }
  if (::fsync(descriptor_) != 0) return last_error();
  return {};
}

}  // namespace tgt
