// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command.h"
#include "core/command_table.h"
#include "core/reservations/persistent_change.h"

namespace tgt {

// PERSISTENT RESERVE OUT (SPC-6, 6.16), for any device type; a row for each service action.
struct PersistentReserveOut {
  static constexpr std::uint8_t operation_code = 0x5f;
  static constexpr std::uint8_t cdb_length = 10;
  static constexpr Access access = Access::reservation;
  static constexpr Field scope{2, 7, 4};
  static constexpr Field type{2, 3, 4};
  static constexpr Field parameter_list_length{5, 7, 32};
  static constexpr std::array fields{scope, type, parameter_list_length};
  static Task<Reply> carry_out(PersistentReserveOutAction action, Command& command);
};

template <PersistentReserveOutAction Action>
struct PersistentReserveOutOf : PersistentReserveOut {
  static constexpr std::uint16_t service_action = static_cast<std::uint16_t>(Action);
  static Task<Reply> run(DeviceServer&, Command& command) { return carry_out(Action, command); }
};

struct RegisterKey : PersistentReserveOutOf<PersistentReserveOutAction::register_key> {
  static constexpr std::string_view name = "PERSISTENT RESERVE OUT, REGISTER";
};
struct PersistentReserve : PersistentReserveOutOf<PersistentReserveOutAction::reserve> {
  static constexpr std::string_view name = "PERSISTENT RESERVE OUT, RESERVE";
};
struct PersistentRelease : PersistentReserveOutOf<PersistentReserveOutAction::release> {
  static constexpr std::string_view name = "PERSISTENT RESERVE OUT, RELEASE";
};
struct ClearReservations : PersistentReserveOutOf<PersistentReserveOutAction::clear> {
  static constexpr std::string_view name = "PERSISTENT RESERVE OUT, CLEAR";
};
struct Preempt : PersistentReserveOutOf<PersistentReserveOutAction::preempt> {
  static constexpr std::string_view name = "PERSISTENT RESERVE OUT, PREEMPT";
};
struct PreemptAndAbort : PersistentReserveOutOf<PersistentReserveOutAction::preempt_and_abort> {
  static constexpr std::string_view name = "PERSISTENT RESERVE OUT, PREEMPT AND ABORT";
};
struct RegisterAndIgnoreExistingKey
    : PersistentReserveOutOf<PersistentReserveOutAction::register_and_ignore_existing_key> {
  static constexpr std::string_view name = "PERSISTENT RESERVE OUT, REGISTER AND IGNORE EXISTING KEY";
};
struct RegisterAndMove : PersistentReserveOutOf<PersistentReserveOutAction::register_and_move> {
  static constexpr std::string_view name = "PERSISTENT RESERVE OUT, REGISTER AND MOVE";
};

}  // namespace tgt
