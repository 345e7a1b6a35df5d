// SPDX-License-Identifier: Apache-2.0
#include "core/command_table.h"

#include <bit>

#include "scsi/opcodes.h"

namespace tgt {
namespace {

constexpr std::uint8_t naca_bit = 2;

// The field of a CDB that says which service action it is (SPC-6, 4.2.2.1): bytes 8 and 9 of a 7Fh CDB, else the low
// five bits of byte 1.
constexpr Field service_action_field(std::uint8_t operation_code) {
  return operation_code == operation_code::variable_length ? Field{8, 7, 16} : Field{1, 4, 5};
}

std::size_t control_position(const Cdb& cdb) {
  return cdb.operation_code() == operation_code::variable_length ? 1 : cdb.length() - 1;
}

Sense points_at(std::size_t byte, unsigned bit) {
  return Sense::invalid_field_in_cdb(
      FieldPointer{FieldPointer::Where::cdb, static_cast<std::uint16_t>(byte), static_cast<std::uint8_t>(bit)});
}

// The first bit that is set but not defined by the command. The operation code, the service action and the CONTROL
// byte's NACA bit have been looked at already; the rest of CONTROL is vendor-specific or obsolete, and ignored.
std::optional<Sense> undefined_bit(const Cdb& cdb, const CommandTraits& row) {
  const std::size_t control = control_position(cdb);
  for (std::size_t byte = 1; byte < cdb.length(); ++byte) {
    if (byte == control) continue;
    const unsigned undefined = cdb[byte] & ~static_cast<unsigned>(row.usage[byte]) & 0xffu;
    if (undefined != 0) return points_at(byte, static_cast<unsigned>(std::bit_width(undefined)) - 1);
  }
  return std::nullopt;
}

}  // namespace

Result<const CommandTraits*, Sense> CommandTable::decode(const Cdb& cdb) const {
  const std::span<const CommandTraits> candidates = of(cdb.operation_code());
  if (candidates.empty()) return failure(Sense::invalid_operation_code());
  const CommandTraits* row = &candidates.front();
  if (row->service_action.has_value()) {
    const Field field = service_action_field(cdb.operation_code());
    const auto wanted = static_cast<std::uint16_t>(cdb[field]);
    row = nullptr;
    for (const CommandTraits& candidate : candidates) {
      if (candidate.service_action == wanted) row = &candidate;
    }
    if (row == nullptr) return failure(Sense::invalid_field_in_cdb(field));
  }
  if (cdb.length() != row->cdb_length) {
    // Only a 7Fh CDB says its length itself (ADDITIONAL CDB LENGTH); of the others a shorter one cannot be what its
    // operation code says.
    if (cdb.operation_code() == operation_code::variable_length) {
      return failure(Sense::invalid_field_in_cdb(Field{7, 7, 8}));
    }
    return failure(Sense::invalid_operation_code());
  }
  if ((cdb.control() & (1u << naca_bit)) != 0) return failure(points_at(control_position(cdb), naca_bit));
  const std::optional<Sense> undefined = undefined_bit(cdb, *row);
  if (undefined) return failure(*undefined);
  return row;
}

}  // namespace tgt
