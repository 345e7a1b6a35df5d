// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>

#include "scsi/cdb_transfer.h"

namespace tgt {

// The device types that a row speaks of.
using DeviceTypes = std::uint8_t;
inline constexpr DeviceTypes disk_types = 1u << 0;
inline constexpr DeviceTypes tape_types = 1u << 1;
inline constexpr DeviceTypes optical_types = 1u << 2;
inline constexpr DeviceTypes changer_types = 1u << 3;
inline constexpr DeviceTypes other_types = 1u << 4;
inline constexpr DeviceTypes all_types = 0xff;
inline constexpr DeviceTypes with_blocks = disk_types | optical_types;

constexpr DeviceTypes device_types_of(PeripheralDeviceType type) {
  switch (type) {
    case PeripheralDeviceType::block:
    case PeripheralDeviceType::write_once:
    case PeripheralDeviceType::optical_memory:
    case PeripheralDeviceType::reduced_block:
    case PeripheralDeviceType::zoned_block:
      return disk_types;
    case PeripheralDeviceType::tape:
      return tape_types;
    case PeripheralDeviceType::optical:
      return optical_types;
    case PeripheralDeviceType::medium_changer:
      return changer_types;
    default:
      return other_types;
  }
}

// How the amount of data follows from the CDB, when it is not just a number of bytes in a field.
enum class Measure : std::uint8_t {
  no_data,
  byte_field,   // the field counts bytes
  block_field,  // the field counts logical blocks
  block_field_0_is_256,
  twice_block_field,  // COMPARE AND WRITE: what to compare, then what to write
  one_block,
  one_block_unless_ndob,
  blocks_to_compare,  // VERIFY: as BYTCHK says
  tape_field,         // the field counts bytes, or blocks when FIXED is set
  tape_field_to_compare,
  security_field,  // bytes, or units of 512 with INC_512
  fixed_length,    // `argument` bytes
  ata_pass_through,
  read_position,
  performance,
  raw_sectors,  // READ CD: the medium tells how long a sector is
  unstated,
};

// One command of one or more device types.
struct CdbRow {
  DeviceTypes types;
  std::uint8_t operation_code;
  std::optional<std::uint16_t> service_action;
  DataDirection direction;
  Measure measure;
  Field field;
  TimeoutClass timeout;
  std::uint8_t argument = 0;
};

// The row of a CDB, or null.
const CdbRow* find_cdb_row(PeripheralDeviceType type, const Cdb& cdb);

}  // namespace tgt
