// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <utility>

namespace tgt {

// Why the daemon refused a management request. The numbers go over the wire and clients match the texts literally,
// so both are interface: a new cause is a new `detail`, never a new number.
enum class ManagementErrorCode : std::uint32_t {
  success = 0,
  unknown_error = 1,
  out_of_memory = 2,
  no_driver = 3,
  no_target = 4,
  no_logical_unit = 5,
  no_session = 6,
  no_connection = 7,
  no_binding = 8,
  target_exists = 9,
  logical_unit_exists = 10,
  binding_exists = 11,
  access_rule_exists = 12,
  no_access_rule = 13,
  account_exists = 14,
  no_account = 15,
  too_many_accounts = 16,
  invalid_request = 17,
  outgoing_account_exists = 18,
  target_active = 19,
  logical_unit_active = 20,
  driver_busy = 21,
  unsupported_operation = 22,
  unknown_parameter = 23,
  removal_prevented = 24,
};

// The fixed text of a code; also of numbers outside the enumeration, which a newer daemon may send.
std::string_view text_of(ManagementErrorCode code);

// A refusal: the code that every client knows, and in words what was wrong. The detail goes to the log and, after the
// fixed text, to clients that read it. It never holds a password.
struct ManagementError {
  ManagementErrorCode code = ManagementErrorCode::unknown_error;
  std::string detail;

  bool operator==(const ManagementError&) const = default;
};

inline ManagementError invalid_request(std::string detail) {
  return {ManagementErrorCode::invalid_request, std::move(detail)};
}

}  // namespace tgt
