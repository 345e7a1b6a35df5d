// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "scsi/field.h"

namespace tgt {

// The length of a CDB as its operation code tells it (SPC-6, 4.2.5.1); 0 for 7Fh, whose byte 7 tells it, for 7Eh and
// for the vendor-specific groups 6 and 7.
constexpr unsigned cdb_length_of(std::uint8_t operation_code) {
  switch (operation_code >> 5) {
    case 0:
      return 6;
    case 1:
    case 2:
      return 10;
    case 4:
      return 16;
    case 5:
      return 12;
    default:
      return 0;
  }
}

// A command descriptor block of 6 to 32 bytes, with its own length.
class Cdb {
 public:
  static constexpr std::size_t longest = 32;
  Cdb() = default;

  // The CDB that a transport received: `carried` bytes, of which a fixed-size transport field may hold more than the
  // command uses; the operation code decides. A 7Fh CDB must be there whole (8 + ADDITIONAL CDB LENGTH). Nothing when
  // it is shorter than its code says, or longer than 32 bytes. Vendor-specific codes take what was carried, at most 16.
  static constexpr std::optional<Cdb> from_transport(Bytes carried) {
    if (carried.size() < 6) return std::nullopt;
    std::size_t length = cdb_length_of(carried[0]);
    if (carried[0] == 0x7f) {
      length = carried.size() < 8 ? longest + 1 : 8u + carried[7];
    } else if (length == 0) {
      length = std::min<std::size_t>(carried.size(), 16);
    }
    if (length > longest || length > carried.size()) return std::nullopt;
    Cdb cdb;
    std::copy_n(carried.begin(), length, cdb.bytes_.begin());
    cdb.length_ = static_cast<std::uint8_t>(length);
    return cdb;
  }

  constexpr std::uint8_t operation_code() const { return bytes_[0]; }
  constexpr std::uint8_t service_action() const { return bytes_[1] & 0x1f; }
  constexpr std::size_t length() const { return length_; }
  constexpr Bytes bytes() const { return Bytes(bytes_).first(length_); }
  constexpr std::uint8_t operator[](std::size_t index) const { return bytes_[index]; }
  constexpr std::uint64_t operator[](Field field) const { return field.read(bytes()); }
  // The CONTROL byte: the last one, or byte 1 of a 7Fh CDB.
  constexpr std::uint8_t control() const { return bytes_[0] == 0x7f ? bytes_[1] : bytes_[length_ - 1]; }

 private:
  std::array<std::uint8_t, longest> bytes_{};
  std::uint8_t length_ = 6;
};

}  // namespace tgt
