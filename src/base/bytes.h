// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstddef>
#include <cstdint>
#include <cstring>
#include <optional>
#include <span>
#include <type_traits>

namespace tgt {

using Bytes = std::span<const std::uint8_t>;
using MutableBytes = std::span<std::uint8_t>;

// A structure that may be copied to and from the wire as it stands: built of BigEndian and byte members only.
template <class T>
concept WireStruct = std::is_trivially_copyable_v<T> && alignof(T) == 1;

// The bytes of a wire structure, for sending.
template <WireStruct T>
Bytes bytes_of(const T& value) {
  return {reinterpret_cast<const std::uint8_t*>(&value), sizeof value};
}

// A wire structure read from the start of `from`; nothing when `from` is shorter than the structure.
template <WireStruct T>
std::optional<T> read_wire(Bytes from) {
  if (from.size() < sizeof(T)) return std::nullopt;
  T value;
  std::memcpy(&value, from.data(), sizeof value);
  return value;
}

// Copies as much of `from` as fits and returns how much that was.
inline std::size_t copy_bytes(Bytes from, MutableBytes to) {
  const std::size_t length = from.size() < to.size() ? from.size() : to.size();
  if (length != 0) std::memmove(to.data(), from.data(), length);
  return length;
}

}  // namespace tgt
