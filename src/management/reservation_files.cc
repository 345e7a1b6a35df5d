// SPDX-License-Identifier: Apache-2.0
#include "management/reservation_files.h"

#include <fmt/format.h>

#include <set>
#include <utility>

#include "reactor/blocking_pool.h"
#include "reactor/locked_folder.h"
#include "reactor/mutex.h"
#include "reactor/timer.h"

namespace tgt {
namespace {

constexpr std::size_t longest_file = std::size_t{64} << 20;
constexpr std::size_t longest_name = 200;  // a file system takes 255
// A unit of the same name that was just removed gives its file back when its last command has ended.
constexpr Duration patience = 5s;
constexpr Duration between_looks = 10ms;

// The name of a unit as that of a file: everything but letters, digits and a few signs by its number.
std::string file_name_of(const std::string& unit_name) {
  std::string name;
  for (const char character : unit_name) {
    const bool plain = (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
                       (character >= 'A' && character <= 'Z') || character == '-' || character == '_' ||
                       (character == '.' && !name.empty());
    name += plain ? std::string(1, character) : fmt::format("%{:02X}", static_cast<unsigned char>(character));
  }
  return name + ".reservations";
}

}  // namespace

class ReservationFiles::Folder {
 public:
  Folder(LockedFolder files, Log log) : files_(std::move(files)), log_(std::move(log)) {}

  const LockedFolder& files() const { return files_; }
  const Log& log() const { return log_; }
  std::string path_of(const std::string& name) const { return files_.path() + '/' + name; }
  bool take(const std::string& name) {
    const LockGuard lock(mutex_);
    return taken_.insert(name).second;
  }
  void give_back(const std::string& name) {
    const LockGuard lock(mutex_);
    taken_.erase(name);
  }

 private:
  LockedFolder files_;
  Log log_;
  Mutex mutex_;
  std::set<std::string> taken_;
};

namespace {

// The file of one unit. It is taken as long as this lives.
class ReservationFile final : public ReservationStore {
 public:
  ReservationFile(std::shared_ptr<ReservationFiles::Folder> folder, std::string name)
      : folder_(std::move(folder)), name_(std::move(name)) {}
  ~ReservationFile() override { folder_->give_back(name_); }

  Task<bool> save(Shard& shard, std::vector<std::uint8_t> blob) override {
    const auto saved = co_await shard.blocking().run(shard, [&] { return folder_->files().replace(name_, blob); });
    if (!saved)
      folder_->log().error("{}: {}; the reservation is refused", folder_->path_of(name_), saved.error().text());
    co_return saved.has_value();
  }
  auto read(Shard& shard) {
    return shard.blocking().run(shard, [this] { return folder_->files().read(name_, longest_file); });
  }
  std::string path() const { return folder_->path_of(name_); }

 private:
  std::shared_ptr<ReservationFiles::Folder> folder_;
  std::string name_;
};

}  // namespace

Result<std::unique_ptr<ReservationFiles>, std::string> ReservationFiles::open(const std::string& folder, Log log) {
  auto files = LockedFolder::open(folder);
  if (!files) {
    const bool in_use = files.error().kind() == IoError::Kind::busy;
    return failure(fmt::format("{}: {}", folder, in_use ? "another tgtd uses it" : files.error().text()));
  }
  return std::unique_ptr<ReservationFiles>(
      new ReservationFiles(std::make_shared<Folder>(std::move(*files), std::move(log))));
}

std::unique_ptr<ReservationFiles> ReservationFiles::open_or_warn(const std::string& folder, const Log& log) {
  auto files = open(folder, log);
  if (files) return std::move(*files);
  log.warning("{}; persistent reservations will not outlive tgtd, and initiators that ask for it (APTPL) are refused",
              files.error());
  return nullptr;
}

Task<Result<void, std::string>> ReservationFiles::attach(Shard& shard, std::shared_ptr<LogicalUnit> unit) {
  const std::string unit_name = unit->device().lasting_name();
  const std::string name = file_name_of(unit_name);
  if (unit_name.empty() || name.size() > longest_name) co_return Result<void, std::string>();
  const TimePoint deadline = shard.now() + patience;
  while (!folder_->take(name)) {
    if (shard.now() >= deadline) {
      folder_->log().warning("another logical unit has the name {} too: only that one's reservations can outlive tgtd",
                             unit_name);
      co_return Result<void, std::string>();
    }
    co_await shard.sleep(between_looks);
  }
  auto file = std::make_unique<ReservationFile>(folder_, name);
  const std::string path = file->path();
  const auto content = co_await file->read(shard);
  if (!content) {
    co_return failure(fmt::format("{}: {}; the persistent reservations of this logical unit cannot be read", path,
                                  content.error().text()));
  }
  unit->reservations().set_store(std::move(file));
  if (*content && !unit->reservations().restore(**content)) {
    co_return failure(
        fmt::format("{}: damaged, or of another version of tgtd: the persistent reservations of this logical unit are "
                    "not known; put a good copy back, or remove the file to begin without reservations",
                    path));
  }
  co_return Result<void, std::string>();
}

}  // namespace tgt
