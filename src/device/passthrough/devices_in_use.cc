// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/devices_in_use.h"

#include <map>
#include <utility>

#include "reactor/mutex.h"

namespace tgt {

struct DevicesInUse::State {
  Mutex mutex;
  std::map<std::string, std::string> path_of;  // by name
};

struct DevicesInUse::Hold::Entry {
  std::shared_ptr<State> state;
  std::string path;
  std::vector<std::string> names;
  ~Entry() {
    const LockGuard lock(state->mutex);
    for (const std::string& name : names) state->path_of.erase(name);
  }
};

DevicesInUse::DevicesInUse() : state_(std::make_shared<State>()) {}

DevicesInUse::Hold::~Hold() = default;

DevicesInUse::Hold& DevicesInUse::Hold::operator=(Hold&& other) noexcept {
  entry_ = std::move(other.entry_);
  return *this;
}

Result<DevicesInUse::Hold, std::string> DevicesInUse::take(const std::string& address, const std::string& path) {
  Hold hold;
  hold.entry_ = std::make_shared<Hold::Entry>(state_, path);
  auto taken = hold.take_too(address);
  if (!taken) return failure(taken.error());
  return hold;
}

Result<void, std::string> DevicesInUse::Hold::take_too(const std::string& name) {
  const LockGuard lock(entry_->state->mutex);
  const auto [place, is_new] = entry_->state->path_of.try_emplace(name, entry_->path);
  if (!is_new) return failure(place->second);
  entry_->names.push_back(name);
  return {};
}

}  // namespace tgt
