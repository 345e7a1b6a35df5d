// SPDX-License-Identifier: Apache-2.0
#include "reactor/make_folder.h"

#include <fcntl.h>
#include <sys/stat.h>
#include <unistd.h>

#include <cerrno>

namespace tgt {
namespace {

std::unexpected<IoError> last_error() { return failure(IoError::from_errno(errno)); }

std::string parent_of(const std::string& path) {
  const auto slash = path.find_last_of('/');
  if (slash == std::string::npos) return ".";
  return slash == 0 ? "/" : path.substr(0, slash);
}

}  // namespace

Result<void, IoError> sync_folder(const std::string& path) {
  const int folder = ::open(path.c_str(), O_RDONLY | O_DIRECTORY | O_CLOEXEC);
  if (folder < 0) return last_error();
  Result<void, IoError> synced;
  if (::fsync(folder) != 0) synced = last_error();
  ::close(folder);
  return synced;
}

Result<void, IoError> make_folder(const std::string& path, FolderFor whom) {
  struct stat there{};
  if (::stat(path.c_str(), &there) == 0) {
    if (S_ISDIR(there.st_mode)) return {};
    return failure(IoError::from_errno(ENOTDIR));
  }
  if (errno != ENOENT) return last_error();
  const std::string parent = parent_of(path);
  if (auto made = make_folder(parent, FolderFor::all_to_enter); !made) return made;
  if (::mkdir(path.c_str(), static_cast<mode_t>(whom)) != 0 && errno != EEXIST) return last_error();
  return sync_folder(parent);
}

}  // namespace tgt
