// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <initializer_list>

#include "scsi/cdb.h"
#include "scsi/mode.h"
#include "scsi/read_capacity.h"

// The few commands that the passthrough sends of its own accord, and what it reads from their answers.
namespace tgt::own_command {

inline Cdb cdb_of(std::initializer_list<std::uint8_t> bytes) {
  return Cdb::from_transport(Bytes(bytes.begin(), bytes.size())).value_or(Cdb());
}

inline Cdb test_unit_ready() { return cdb_of({0x00, 0, 0, 0, 0, 0}); }
inline Cdb allow_medium_removal() { return cdb_of({0x1e, 0, 0, 0, 0, 0}); }

inline constexpr std::uint32_t read_capacity_10_bytes = sizeof(ReadCapacity10Data);
inline Cdb read_capacity_10() { return cdb_of({0x25, 0, 0, 0, 0, 0, 0, 0, 0, 0}); }
inline std::uint32_t of_read_capacity_10(Bytes data) {
  const auto capacity = read_wire<ReadCapacity10Data>(data);
  return capacity ? std::uint32_t{capacity->logical_block_length} : 0u;
}

inline constexpr std::uint32_t read_capacity_16_bytes = sizeof(ReadCapacity16Data);
inline Cdb read_capacity_16() {
  return cdb_of({0x9e, 0x10, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, read_capacity_16_bytes, 0, 0});
}
inline bool is_protected(Bytes data) {
  const auto capacity = read_wire<ReadCapacity16Data>(data);
  return capacity && (capacity->protection & 1) != 0;
}

// The header and the first block descriptor, of a page that every device has.
inline constexpr std::uint32_t mode_sense_6_bytes = sizeof(mode::Header6) + sizeof(mode::ShortLbaBlockDescriptor);
inline Cdb mode_sense_6() { return cdb_of({0x1a, 0, mode::every_page, 0, mode_sense_6_bytes, 0}); }
inline std::uint32_t of_mode_sense_6(Bytes data) {
  const auto header = read_wire<mode::Header6>(data);
  if (!header || header->block_descriptor_length < sizeof(mode::ShortLbaBlockDescriptor)) return 0;
  const auto descriptor = read_wire<mode::ShortLbaBlockDescriptor>(data.subspan(sizeof *header));
  return descriptor ? std::uint32_t{descriptor->logical_block_length} : 0u;
}

inline Cdb inquiry(std::uint8_t longest) { return cdb_of({0x12, 0, 0, 0, longest, 0}); }
inline Cdb inquiry_page(std::uint8_t page, std::uint16_t longest) {
  return cdb_of({0x12, 1, page, static_cast<std::uint8_t>(longest >> 8), static_cast<std::uint8_t>(longest), 0});
}

inline Cdb report_supported_operation_codes(bool with_timeouts, std::uint16_t longest) {
  const auto options = static_cast<std::uint8_t>(with_timeouts ? 0x80 : 0);
  return cdb_of({0xa3, 0x0c, options, 0, 0, 0, 0, 0, static_cast<std::uint8_t>(longest >> 8),
                 static_cast<std::uint8_t>(longest), 0, 0});
}

}  // namespace tgt::own_command
