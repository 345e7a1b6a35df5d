// SPDX-License-Identifier: Apache-2.0
#include "management/state_files.h"

#include <fmt/format.h>

#include <map>
#include <utility>

#include "reactor/blocking_pool.h"
#include "reactor/locked_folder.h"
#include "reactor/mutex.h"
#include "reactor/timer.h"

namespace tgt {
namespace {

constexpr std::size_t longest_file = std::size_t{64} << 20;
constexpr std::size_t longest_name =
    180;  // with what follows it, and until it is in its place; a file system takes 255
// A unit of the same name that was just removed gives its files back when its last command has ended.
constexpr Duration patience = 5s;
constexpr Duration between_looks = 10ms;

// What a unit keeps in a file of its own.
struct KindOfState {
  std::string_view suffix;
  std::string_view what;     // in messages
  std::string_view without;  // how a unit begins when its file is removed
};
constexpr KindOfState reservations{
    .suffix = ".reservations", .what = "persistent reservations", .without = "without reservations"};
constexpr KindOfState settings{.suffix = ".settings",
                               .what = "saved mode pages and identifying information",
                               .without = "with what is so by default"};
constexpr KindOfState media{.suffix = ".media",
                            .what = "media that were not formatted or sanitized to the end",
                            .without = "as if there were none"};

// The name of a unit as that of a file: everything but letters, digits and a few signs by its number.
std::string file_name_of(const std::string& unit_name) {
  std::string name;
  for (const char character : unit_name) {
    const bool plain = (character >= '0' && character <= '9') || (character >= 'a' && character <= 'z') ||
                       (character >= 'A' && character <= 'Z') || character == '-' || character == '_' ||
                       (character == '.' && !name.empty());
    name += plain ? std::string(1, character) : fmt::format("%{:02X}", static_cast<unsigned char>(character));
  }
  return name;
}

}  // namespace

class StateFiles::Folder {
 public:
  Folder(LockedFolder files, Log log) : files_(std::move(files)), log_(std::move(log)) {}

  const LockedFolder& files() const { return files_; }
  const Log& log() const { return log_; }
  std::string path_of(const std::string& name) const { return files_.path() + '/' + name; }
  bool take(const std::string& name, const std::shared_ptr<LogicalUnit>& unit) {
    const LockGuard lock(mutex_);
    return taken_.try_emplace(name, unit).second;
  }
  void give_back(const std::string& name) {
    const LockGuard lock(mutex_);
    taken_.erase(name);
  }
  // Null when nobody has it any more.
  std::shared_ptr<LogicalUnit> holder(const std::string& name) const {
    const LockGuard lock(mutex_);
    const auto entry = taken_.find(name);
    return entry == taken_.end() ? nullptr : entry->second.lock();
  }

 private:
  LockedFolder files_;
  Log log_;
  mutable Mutex mutex_;
  std::map<std::string, std::weak_ptr<LogicalUnit>> taken_;
};

namespace {

// The files of one name are this unit's as long as this lives; its files share it.
class NameTaken {
 public:
  NameTaken(std::shared_ptr<StateFiles::Folder> folder, std::string name)
      : folder_(std::move(folder)), name_(std::move(name)) {}
  NameTaken(const NameTaken&) = delete;
  NameTaken& operator=(const NameTaken&) = delete;
  ~NameTaken() { folder_->give_back(name_); }

  const StateFiles::Folder& folder() const { return *folder_; }
  const std::string& name() const { return name_; }

 private:
  std::shared_ptr<StateFiles::Folder> folder_;
  std::string name_;
};

// A file that is replaced as one step.
class StateFile final : public StateStore {
 public:
  StateFile(std::shared_ptr<NameTaken> of, const KindOfState& kind)
      : of_(std::move(of)), kind_(kind), name_(of_->name() + std::string(kind.suffix)) {}

  Task<bool> save(Shard& shard, std::vector<std::uint8_t> blob) override {
    const LockedFolder& files = of_->folder().files();
    const auto saved = co_await shard.blocking().run(shard, files.lane(), [&] { return files.replace(name_, blob); });
    if (!saved) {
      of_->folder().log().error("{}: {}; the initiator is told that it cannot be kept", path(), saved.error().text());
    }
    co_return saved.has_value();
  }

  using Content = std::optional<std::vector<std::uint8_t>>;
  // Nothing when nothing was saved yet.
  Task<Result<Content, std::string>> read(Shard& shard) {
    const LockedFolder& files = of_->folder().files();
    auto content = co_await shard.blocking().run(shard, files.lane(), [&] { return files.read(name_, longest_file); });
    if (content) co_return std::move(*content);
    co_return failure(
        fmt::format("{}: {}; the {} of this logical unit cannot be read", path(), content.error().text(), kind_.what));
  }
  std::string damage() const {
    return fmt::format(
        "{}: damaged, or of another version of tgtd: the {} of this logical unit are not known; put a good copy back, "
        "or remove the file to begin {}",
        path(), kind_.what, kind_.without);
  }

 private:
  std::string path() const { return of_->folder().path_of(name_); }

  std::shared_ptr<NameTaken> of_;
  const KindOfState& kind_;
  std::string name_;
};

Task<Result<void, std::string>> attach_reservations(Shard& shard, std::shared_ptr<NameTaken> name,
                                                    std::shared_ptr<LogicalUnit> unit) {
  auto file = std::make_unique<StateFile>(std::move(name), reservations);
  const auto content = co_await file->read(shard);
  if (!content) co_return failure(content.error());
  const std::string damage = file->damage();
  unit->reservations().set_store(std::move(file));
  const bool known = !*content || unit->reservations().restore(**content);
  if (!known) co_return failure(damage);
  co_return Result<void, std::string>();
}

using Keep = bool (DeviceServer::*)(std::unique_ptr<StateStore>, std::optional<Bytes>);

Task<Result<void, std::string>> attach_device(Shard& shard, std::unique_ptr<StateFile> file, DeviceServer& device,
                                              Keep keep) {
  const auto content = co_await file->read(shard);
  if (!content) co_return failure(content.error());
  const std::string damage = file->damage();
  const auto saved = *content ? std::optional<Bytes>(**content) : std::nullopt;
  const bool known = (device.*keep)(std::move(file), saved);
  if (!known) co_return failure(damage);
  co_return Result<void, std::string>();
}

}  // namespace

Result<std::unique_ptr<StateFiles>, std::string> StateFiles::open(const std::string& folder, Log log) {
  auto files = LockedFolder::open(folder);
  if (!files) {
    const bool in_use = files.error().kind() == IoError::Kind::busy;
    return failure(fmt::format("{}: {}", folder, in_use ? "another tgtd uses it" : files.error().text()));
  }
  return std::unique_ptr<StateFiles>(new StateFiles(std::make_shared<Folder>(std::move(*files), std::move(log))));
}

std::unique_ptr<StateFiles> StateFiles::open_or_warn(const std::string& folder, const Log& log) {
  auto files = open(folder, log);
  if (files) return std::move(*files);
  log.warning(
      "{}; persistent reservations and saved mode pages will not outlive tgtd, and initiators that ask for it (APTPL, "
      "SP) are refused, as is FORMAT UNIT and SANITIZE of media with a path",
      files.error());
  return nullptr;
}

Task<Result<void, std::string>> StateFiles::attach(Shard& shard, std::shared_ptr<LogicalUnit> unit) {
  std::string name = unit->device().lasting_name();
  return attach_as(shard, std::move(unit), std::move(name));
}

Task<Result<void, std::string>> StateFiles::move(Shard& shard, std::shared_ptr<LogicalUnit> unit, std::string name) {
  DeviceServer& device = unit->device();
  if (unit->reservations().would_be_lost()) {
    co_return failure(std::string("initiators have reservations of it, which belong to the name that it has"));
  }
  const bool left = device.keep_medium_state_in(nullptr, std::nullopt) && device.keep_state_in(nullptr, std::nullopt);
  if (!left) {
    co_return failure(std::string("its medium is being formatted or sanitized, or was not to the end"));
  }
  unit->reservations().leave_store();
  auto attached = co_await attach_as(shard, unit, std::move(name));
  if (attached) co_return attached;
  unit->reservations().leave_store();
  const auto back = co_await attach(shard, unit);
  if (!back) folder_->log().error("{}", back.error());
  co_return std::move(attached);
}

Task<Result<void, std::string>> StateFiles::attach_as(Shard& shard, std::shared_ptr<LogicalUnit> unit,
                                                      std::string unit_name) {
  const std::string name = file_name_of(unit_name);
  if (unit_name.empty() || name.size() > longest_name) co_return Result<void, std::string>();
  const TimePoint deadline = shard.now() + patience;
  while (!folder_->take(name, unit)) {
    const std::shared_ptr<LogicalUnit> holder = folder_->holder(name);
    if (holder != nullptr && holder->is_mapped()) {  // it keeps its name
      folder_->log().warning("another logical unit has the name {} too: only what that one keeps can outlive tgtd",
                             unit_name);
      co_return Result<void, std::string>();
    }
    if (shard.now() >= deadline) {
      co_return failure(fmt::format(
          "{}: the former unit of this name still holds commands; try again when they have ended", unit_name));
    }
    co_await shard.sleep(between_looks);
  }
  const auto taken = std::make_shared<NameTaken>(folder_, name);
  auto attached = co_await attach_reservations(shard, taken, unit);
  DeviceServer& device = unit->device();
  if (attached) {
    auto file = std::make_unique<StateFile>(taken, settings);
    attached = co_await attach_device(shard, std::move(file), device, &DeviceServer::keep_state_in);
  }
  if (attached) {
    auto file = std::make_unique<StateFile>(taken, media);
    attached = co_await attach_device(shard, std::move(file), device, &DeviceServer::keep_medium_state_in);
  }
  co_return std::move(attached);
}

}  // namespace tgt
