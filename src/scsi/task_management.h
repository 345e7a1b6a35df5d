// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

namespace tgt {

// Task management functions (SAM-6, 7; numbers of RFC 7143 11.5.1 and RFC 7144 5.1).
enum class TaskManagementFunction : std::uint8_t {
  abort_task = 1,
  abort_task_set = 2,
  clear_aca = 3,
  clear_task_set = 4,
  logical_unit_reset = 5,
  target_warm_reset = 6,
  target_cold_reset = 7,
  task_reassign = 8,
  query_task = 9,
  query_task_set = 10,
  i_t_nexus_reset = 11,
  query_asynchronous_event = 12,
};

// What is said of one (SAM-6, 7.1; numbers of RFC 7143 11.6.1 and RFC 7144).
enum class TaskManagementResponse : std::uint8_t {
  function_complete = 0,
  task_does_not_exist = 1,
  incorrect_logical_unit_number = 2,
  task_still_allegiant = 3,
  reassignment_not_supported = 4,
  function_not_supported = 5,
  authorization_failed = 6,
  function_succeeded = 7,
  function_rejected = 255,
};

}  // namespace tgt
