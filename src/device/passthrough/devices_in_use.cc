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

Result<DevicesInUse::Hold, std::string> DevicesInUse::take(std::vector<std::string> names, const std::string& path) {
  std::erase(names, std::string());
  const LockGuard lock(state_->mutex);
  for (const std::string& name : names) {
    const auto taken = state_->path_of.find(name);
    if (taken != state_->path_of.end()) return failure(taken->second);
  }
  for (const std::string& name : names) state_->path_of.emplace(name, path);
  Hold hold;
  hold.entry_ = std::make_shared<Hold::Entry>(state_, std::move(names));
  return hold;
}

}  // namespace tgt
