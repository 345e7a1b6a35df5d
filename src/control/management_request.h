// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <string>

namespace tgt {

// What a management request is about, in the order of their wire numbers.
enum class ManagementMode : std::uint32_t {
  system,
  target,
  logical_unit,
  portal,
  driver,
  session,
  connection,
  account,
};
inline constexpr std::uint32_t management_mode_count = 8;

// What is to be done, in the order of their wire numbers. On the command line: new, delete, show, bind, unbind, update,
// stat, start, stop.
enum class ManagementOperation : std::uint32_t {
  create,
  remove,
  show,
  bind,
  unbind,
  update,
  stat,
  start,
  stop,
};
inline constexpr std::uint32_t management_operation_count = 9;

// What kind of logical unit is wanted. The numbers are peripheral device types (SPC-4 6.6.2) and, for a device that
// is passed through as it is, one number outside their range.
enum class LogicalUnitKind : std::uint32_t {
  disk = 0x00,
  tape = 0x01,
  optical = 0x05,
  changer = 0x08,
  object_storage = 0x11,
  passthrough = 0xff,
};

// One request of a management client, as it travels: selectors as numbers, everything else as `text`
// (see request_text.h). Values that the client did not give are absent or 0.
struct ManagementRequest {
  ManagementMode mode = ManagementMode::system;
  ManagementOperation operation = ManagementOperation::show;
  std::string driver{};  // empty means the first one, iscsi
  std::optional<std::int32_t> target_id{};
  std::uint64_t session_id = 0;
  std::optional<std::uint64_t> logical_unit_number{};
  std::uint32_t connection_id = 0;
  std::uint32_t host_number = 0;
  std::uint32_t device_type = 0;  // a LogicalUnitKind, when the number is one of them
  bool outgoing = false;
  bool force = false;
  std::string text{};

  bool operator==(const ManagementRequest&) const = default;
};

}  // namespace tgt
