// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>

#include "base/units.h"
#include "device/disk/disk.h"

namespace tgt {

// The blocks that a command names, and the checks that stand before every access to them.
struct BlockRange {
  LogicalBlockAddress address;
  BlockCount count;

  static BlockRange of(const Command& command, Field address, Field count) {
    return {LogicalBlockAddress(command[address]), BlockCount(command[count])};
  }

  std::uint64_t offset(const Disk& disk) const { return address.value << disk.block_size().exponent; }
  std::uint64_t bytes(const Disk& disk) const { return count.value << disk.block_size().exponent; }

  // Why these blocks cannot be reached: no medium, or beyond its end.
  std::optional<Sense> unreachable(const Disk& disk) const {
    if (auto reason = disk.not_ready()) return reason;
    if (within(address, count, disk.capacity()) && address.value < disk.capacity().value) return std::nullopt;
    return Sense::lba_out_of_range(address.value);
  }
};

// Of what an initiator sent to be written. One that announced less than its CDB asks for has that written, and the
// residual count tells it what is missing (RFC 7143, 11.4.5.1). What does not end with a `unit` is refused.
inline std::optional<Sense> refuses_part(Bytes sent, std::uint64_t unit) {
  if (sent.size() % unit == 0) return std::nullopt;
  return Sense::invalid_field_in_command_information_unit();
}

// Data-Out of a command whose blocks mean something only all together: refused unless the initiator announced exactly
// `length` bytes.
inline std::optional<Sense> refuses_other_length(const Command& command, std::uint64_t length) {
  if (command.request().expected_data_out.bytes == length) return std::nullopt;
  return Sense::invalid_field_in_command_information_unit();
}

// Of a command that moves them through memory: as above, or more than MAXIMUM TRANSFER LENGTH (VPD B0h). `length` is
// the field that says how many.
std::optional<Sense> refuses_transfer(const Disk& disk, const BlockRange& range, Field length);

// The same for commands that change the medium, which may be write-protected.
//
// What a command checked before it asked for its Data-Out it checks again when that is here: others may have formatted,
// ejected, cut or write-protected the medium meanwhile.
std::optional<Sense> refuses_write(const Disk& disk, const BlockRange& range, Field length);

}  // namespace tgt
