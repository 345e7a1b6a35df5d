// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/session_table.h"

#include <utility>

namespace tgt {

IscsiSessionTable::Handle::Handle(Handle&& other) noexcept
    : table_(std::exchange(other.table_, nullptr)), tsih_(std::exchange(other.tsih_, std::uint16_t{0})) {}

IscsiSessionTable::Handle& IscsiSessionTable::Handle::operator=(Handle&& other) noexcept {
  if (this != &other) {
    release();
    table_ = std::exchange(other.table_, nullptr);
    tsih_ = std::exchange(other.tsih_, std::uint16_t{0});
  }
  return *this;
}

void IscsiSessionTable::Handle::release() {
  if (table_ != nullptr) std::exchange(table_, nullptr)->release(tsih_);
}

std::optional<IscsiSessionTable::Handle> IscsiSessionTable::allocate(const Owner& owner) {
  constexpr std::size_t most = 0xffff;
  const LockGuard lock(mutex_);
  if (owners_.size() == most) return std::nullopt;
  do {
    ++last_;
  } while (last_ == 0 || owners_.contains(last_));
  owners_.emplace(last_, owner);
  return Handle(*this, last_);
}

bool IscsiSessionTable::belongs_to(std::uint16_t tsih, const Owner& owner) const {
  const LockGuard lock(mutex_);
  const auto found = owners_.find(tsih);
  return found != owners_.end() && found->second == owner;
}

void IscsiSessionTable::release(std::uint16_t tsih) {
  const LockGuard lock(mutex_);
  owners_.erase(tsih);
}

}  // namespace tgt
