// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <utility>

#include "base/bytes.h"

namespace tgt {

// Zero-filled memory from the system, page-aligned, that takes no space until it is written.
class AnonymousMemory {
 public:
  // Nothing when the address space or the system's limits do not allow it.
  static std::optional<AnonymousMemory> map(std::uint64_t size);

  AnonymousMemory(AnonymousMemory&& other) noexcept : bytes_(std::exchange(other.bytes_, {})) {}
  AnonymousMemory& operator=(AnonymousMemory&& other) noexcept {
    std::swap(bytes_, other.bytes_);
    return *this;
  }
  ~AnonymousMemory();

  MutableBytes bytes() const { return bytes_; }
  // Makes a range zero again and gives its whole pages back to the system.
  void zero(std::uint64_t offset, std::uint64_t length);

 private:
  explicit AnonymousMemory(MutableBytes bytes) : bytes_(bytes) {}
  MutableBytes bytes_;
};

}  // namespace tgt
