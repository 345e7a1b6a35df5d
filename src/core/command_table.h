// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>
#include <span>
#include <string_view>

#include "base/result.h"
#include "core/reply.h"
#include "reactor/task.h"
#include "scsi/cdb.h"
#include "scsi/field.h"
#include "scsi/sense.h"

namespace tgt {

class Command;
class DeviceServer;

// What a command does to the medium, as reservations and write protection see it (SPC-6, table of allowed commands).
enum class Access : std::uint8_t {
  none,               // always allowed (INQUIRY, REPORT LUNS, REQUEST SENSE, ...)
  read,               // reads medium or state: allowed to others under a write exclusive reservation
  write,              // changes medium or state: conflicts with any reservation of another
  unprotected_write,  // as write, but allowed on a write-protected medium (mode parameters, reservations of others)
  reservation,        // PERSISTENT RESERVE and RESERVE/RELEASE: their own rules
};

// Whether blocks may be shared while it runs.
enum class Overlap : std::uint8_t {
  shared,
  // No other command may touch the blocks between its reading and its writing. It may, while this one waits for its
  // Data-Out: until then it has done nothing, and what it has checked it checks again.
  exclusive_range,
  // One after the other in the order of their arrival, the wait for Data-Out included (tapes).
  sequential,
  // It touches neither blocks nor device and waits for nobody, so that a command which takes hours does not hold it
  // up; only for `immediate` rows.
  independent,
};

// One row of a device type's command table. Exactly one of `immediate` and `deferred` is set.
struct CommandTraits {
  std::string_view name{};
  std::uint8_t operation_code = 0;
  std::optional<std::uint16_t> service_action{};
  std::uint8_t cdb_length = 0;
  UsageMap usage{};
  Access access = Access::none;
  Access (*decide_access)(const Cdb&) = nullptr;  // where it depends on the CDB's fields; else `access` holds
  Overlap overlap = Overlap::shared;
  bool before_unit_attention = false;  // answered while a unit attention is pending, which stays (INQUIRY, REPORT LUNS)
  std::optional<Field> allocation_length{};  // Data-In is cut to it
  std::uint32_t timeout_seconds = 30;        // nominal and recommended timeout told to initiators
  Reply (*immediate)(DeviceServer&, Command&) = nullptr;
  Task<Reply> (*deferred)(DeviceServer&, Command&) = nullptr;

  Access access_of(const Cdb& cdb) const { return decide_access != nullptr ? decide_access(cdb) : access; }
};

// A row from a command struct (see device/primary for examples). The struct has: name, operation_code, cdb_length,
// fields (std::array<Field, N>), access, `run(Device&, Command&)` returning Reply or Task<Reply>; and may have:
// service_action, decide_access, overlap, before_unit_attention, allocation_length, timeout_seconds.
template <class CommandStruct, class Device>
consteval CommandTraits describe() {
  CommandTraits traits;
  traits.name = CommandStruct::name;
  traits.operation_code = CommandStruct::operation_code;
  traits.cdb_length = CommandStruct::cdb_length;
  traits.access = CommandStruct::access;
  for (const Field field : CommandStruct::fields) mark(traits.usage, field);
  traits.usage[0] = CommandStruct::operation_code;
  if constexpr (requires { CommandStruct::service_action; }) {
    traits.service_action = CommandStruct::service_action;
    if (CommandStruct::operation_code == 0x7f) {
      traits.usage[7] = CommandStruct::cdb_length - 8;
      traits.usage[8] = static_cast<std::uint8_t>(CommandStruct::service_action >> 8);
      traits.usage[9] = static_cast<std::uint8_t>(CommandStruct::service_action);
    } else {
      traits.usage[1] = static_cast<std::uint8_t>((traits.usage[1] & 0xe0) | CommandStruct::service_action);
    }
  }
  if constexpr (requires { &CommandStruct::decide_access; }) traits.decide_access = &CommandStruct::decide_access;
  if constexpr (requires { CommandStruct::overlap; }) traits.overlap = CommandStruct::overlap;
  if constexpr (requires { CommandStruct::before_unit_attention; }) {
    traits.before_unit_attention = CommandStruct::before_unit_attention;
  }
  if constexpr (requires { CommandStruct::allocation_length; }) {
    traits.allocation_length = CommandStruct::allocation_length;
  }
  if constexpr (requires { CommandStruct::timeout_seconds; }) traits.timeout_seconds = CommandStruct::timeout_seconds;
  if constexpr (requires(Device& device, Command& command) {
                  { CommandStruct::run(device, command) } -> std::same_as<Reply>;
                }) {
    traits.immediate = [](DeviceServer& device, Command& command) -> Reply {
      return CommandStruct::run(static_cast<Device&>(device), command);
    };
  } else {
    traits.deferred = [](DeviceServer& device, Command& command) -> Task<Reply> {
      return CommandStruct::run(static_cast<Device&>(device), command);
    };
  }
  return traits;
}

// The commands of one device type, ordered by operation code and service action; made at compile time.
template <std::size_t Count>
class CommandSet {
 public:
  consteval explicit CommandSet(std::array<CommandTraits, Count> rows) : rows_(rows) {
    const auto key = [](const CommandTraits& row) {
      return row.operation_code * 65536u + row.service_action.value_or(0);
    };
    std::sort(rows_.begin(), rows_.end(), [&](auto& a, auto& b) { return key(a) < key(b); });
    for (std::size_t i = 1; i < Count; ++i) {
      if (key(rows_[i - 1]) == key(rows_[i])) throw "two commands claim one operation code and service action";
    }
    for (std::size_t code = 0, i = 0; code < first_.size(); ++code) {
      while (i < Count && rows_[i].operation_code < code) ++i;
      first_[code] = static_cast<std::uint16_t>(i);
    }
  }
  constexpr std::span<const CommandTraits> rows() const { return rows_; }
  constexpr std::span<const std::uint16_t, 257> first() const { return first_; }

 private:
  std::array<CommandTraits, Count> rows_;
  std::array<std::uint16_t, 257> first_{};
};

template <class Device, class... CommandStructs>
consteval auto command_set() {
  return CommandSet<sizeof...(CommandStructs)>(std::array{describe<CommandStructs, Device>()...});
}

// A view of any CommandSet, so that one decoder serves all device types.
class CommandTable {
 public:
  template <std::size_t Count>
  constexpr CommandTable(const CommandSet<Count>& set) : rows_(set.rows()), first_(set.first()) {}  // NOLINT

  constexpr std::span<const CommandTraits> rows() const { return rows_; }
  constexpr std::span<const CommandTraits> of(std::uint8_t operation_code) const {
    const std::size_t begin = first_[operation_code];
    return rows_.subspan(begin, first_[operation_code + std::size_t{1}] - begin);
  }
  // The row of a CDB, after the checks that every command passes: a known operation code, a known service action, and
  // no bit set that the command does not define (the field pointer names the first one). NACA is refused.
  Result<const CommandTraits*, Sense> decode(const Cdb& cdb) const;

 private:
  std::span<const CommandTraits> rows_;
  std::span<const std::uint16_t, 257> first_;
};

}  // namespace tgt
