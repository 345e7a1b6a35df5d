// SPDX-License-Identifier: Apache-2.0
#include "scsi/cdb_transfer.h"

#include "scsi/cdb_row.h"
#include "scsi/opcodes.h"

namespace tgt {
namespace {

using Unit = CdbTransfer::Unit;

struct Amount {
  Unit unit = Unit::bytes;
  std::uint64_t count = 0;
};

// The byte that holds RDPROTECT, FUA, BYTCHK and NDOB: byte 1, of a variable length CDB byte 10.
std::uint16_t flags_byte(const Cdb& cdb) { return cdb.operation_code() == operation_code::variable_length ? 10 : 1; }

// SBC-4, VERIFY(10): BYTCHK 01b compares every block, 11b compares every block with the one that is sent.
Amount blocks_to_compare(const Cdb& cdb, std::uint64_t blocks) {
  switch (cdb[Field{flags_byte(cdb), 2, 2}]) {
    case 0:
      return {};
    case 3:
      return {Unit::logical_blocks, blocks == 0 ? 0u : 1u};
    default:
      return {Unit::logical_blocks, blocks};
  }
}

Amount tape_amount(const Cdb& cdb, std::uint64_t count) {
  const bool fixed = cdb[Field{1, 0, 1}] != 0;
  return {fixed ? Unit::fixed_tape_blocks : Unit::bytes, count};
}

// SAT-5, 12.2.2: T_LENGTH says which field counts, BYT_BLOK and T_TYPE what it counts.
Amount ata_amount(const Cdb& cdb) {
  const bool longer = cdb.operation_code() == operation_code::ata_pass_through_16;
  const bool extended = longer && cdb[Field{1, 0, 1}] != 0;
  const Field features = extended ? Field{3, 7, 16} : longer ? Field{4, 7, 8} : Field{3, 7, 8};
  const Field sector_count = extended ? Field{5, 7, 16} : longer ? Field{6, 7, 8} : Field{4, 7, 8};
  std::uint64_t count = 0;
  switch (cdb[Field{2, 1, 2}]) {
    case 0:
      return {};
    case 1:
      count = cdb[features];
      break;
    case 2:
      count = cdb[sector_count];
      break;
    default:
      return {Unit::unstated, 0};  // the transport's own length
  }
  const bool counts_blocks = cdb[Field{2, 2, 1}] != 0;
  const bool logical_sectors = cdb[Field{2, 4, 1}] != 0;
  if (!counts_blocks) return {Unit::bytes, count};
  return logical_sectors ? Amount{Unit::logical_blocks, count} : Amount{Unit::bytes, count * 512};
}

// SSC-5, READ POSITION: two forms have a length of their own.
Amount read_position_amount(const Cdb& cdb, std::uint64_t allocation_length) {
  switch (cdb.service_action()) {
    case service_action::read_position_short_form:
    case service_action::read_position_short_form_vendor:
      return {Unit::bytes, 20};
    case service_action::read_position_long_form:
      return {Unit::bytes, 32};
    default:
      return {Unit::bytes, allocation_length};
  }
}

// MMC-6, GET PERFORMANCE: a header and as many descriptors as asked for, whose size the TYPE field tells.
Amount performance_amount(const Cdb& cdb, std::uint64_t descriptors) {
  constexpr std::uint64_t header = 8;
  switch (cdb[Field{10, 7, 8}]) {
    case 0x00:
    case 0x03:
      return {Unit::bytes, header + 16 * descriptors};
    case 0x01:
    case 0x04:
    case 0x05:
      return {Unit::bytes, header + 8 * descriptors};
    case 0x02:
      return {Unit::bytes, header + 2048 * descriptors};
    default:
      return {Unit::unstated, 0};
  }
}

// MMC-6, READ CD: no data when neither a part of the sector nor a sub-channel is asked for.
Amount raw_sectors_amount(const Cdb& cdb) {
  const bool wants_anything = cdb[Field{9, 7, 8}] != 0 || cdb[Field{10, 2, 3}] != 0;
  const bool has_sectors = cdb.operation_code() != operation_code::read_cd || cdb[Field{6, 7, 24}] != 0;
  return wants_anything && has_sectors ? Amount{Unit::unstated, 0} : Amount{};
}

// FORMAT UNIT sends a parameter list only with FMTDATA; REASSIGN BLOCKS always.
Amount unstated_amount(const Cdb& cdb) {
  const bool without_list = cdb.operation_code() == operation_code::format_unit && cdb[Field{1, 4, 1}] == 0;
  return without_list ? Amount{} : Amount{Unit::unstated, 0};
}

Amount amount_of(const CdbRow& row, const Cdb& cdb) {
  const std::uint64_t field = cdb[row.field];
  switch (row.measure) {
    case Measure::no_data:
      return {};
    case Measure::byte_field:
      return {Unit::bytes, field};
    case Measure::block_field:
      return {Unit::logical_blocks, field};
    case Measure::block_field_0_is_256:
      return {Unit::logical_blocks, field == 0 ? 256 : field};
    case Measure::twice_block_field:
      return {Unit::logical_blocks, 2 * field};
    case Measure::one_block:
      return {Unit::logical_blocks, 1};
    case Measure::one_block_unless_ndob:
      return {Unit::logical_blocks, cdb[Field{flags_byte(cdb), 0, 1}] == 0 ? 1u : 0u};
    case Measure::blocks_to_compare:
      return blocks_to_compare(cdb, field);
    case Measure::tape_field:
      return tape_amount(cdb, field);
    case Measure::tape_field_to_compare:
      return cdb[Field{1, 1, 1}] == 0 ? Amount{} : tape_amount(cdb, field);
    case Measure::security_field:
      return {Unit::bytes, cdb[Field{4, 7, 1}] == 0 ? field : field * 512};
    case Measure::fixed_length:
      return {Unit::bytes, row.argument};
    case Measure::ata_pass_through:
      return ata_amount(cdb);
    case Measure::read_position:
      return read_position_amount(cdb, field);
    case Measure::performance:
      return performance_amount(cdb, field);
    case Measure::raw_sectors:
      return raw_sectors_amount(cdb);
    case Measure::unstated:
      return unstated_amount(cdb);
  }
  return {Unit::unstated, 0};
}

DataDirection direction_of(const CdbRow& row, const Cdb& cdb) {
  if (row.measure != Measure::ata_pass_through) return row.direction;
  const bool from_device = cdb[Field{2, 3, 1}] != 0;  // T_DIR
  return from_device ? DataDirection::data_in : DataDirection::data_out;
}

}  // namespace

std::optional<CdbTransfer> cdb_transfer(PeripheralDeviceType type, const Cdb& cdb) {
  const CdbRow* row = find_cdb_row(type, cdb);
  if (row == nullptr) return std::nullopt;
  const Amount amount = amount_of(*row, cdb);
  CdbTransfer transfer{.direction = direction_of(*row, cdb), .unit = amount.unit, .count = amount.count};
  if (amount.count == 0 && amount.unit != Unit::unstated) return CdbTransfer{};
  const bool six_bytes = cdb.length() == 6;
  if (amount.unit == Unit::logical_blocks && row->measure != Measure::ata_pass_through && !six_bytes) {
    transfer.protection_information = cdb[Field{flags_byte(cdb), 7, 3}] != 0;
  }
  return transfer;
}

TimeoutClass timeout_class(PeripheralDeviceType type, const Cdb& cdb) {
  const CdbRow* row = find_cdb_row(type, cdb);
  return row == nullptr ? TimeoutClass::unknown : row->timeout;
}

std::chrono::seconds default_timeout(PeripheralDeviceType type, const Cdb& cdb) {
  using namespace std::chrono_literals;
  const DeviceTypes device = device_types_of(type);
  const bool tape = device == tape_types;
  switch (timeout_class(type, cdb)) {
    case TimeoutClass::prompt:
      return tape || device == changer_types ? 300s : 60s;
    case TimeoutClass::transfer:
      return tape ? 900s : device == optical_types ? 120s : 60s;
    case TimeoutClass::settle:
      return tape ? 900s : device == optical_types ? 1800s : 300s;
    case TimeoutClass::filemarks:
      return 1800s;
    case TimeoutClass::position:
      return 3600s;
    case TimeoutClass::move_medium:
      return 900s;
    case TimeoutClass::inventory:
      return 3600s;
    case TimeoutClass::diagnostic:
      return 7200s;
    case TimeoutClass::third_party_copy:
      return 3600s;
    case TimeoutClass::whole_medium:
      return device == disk_types ? 172800s : tape ? 86400s : 21600s;
    case TimeoutClass::unknown:
      return device == disk_types ? 300s : 3600s;
  }
  return 3600s;
}

}  // namespace tgt
