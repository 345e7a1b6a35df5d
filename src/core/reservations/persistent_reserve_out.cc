// SPDX-License-Identifier: Apache-2.0
#include "core/reservations/persistent_reserve_out.h"

#include <utility>

#include "core/itl_nexus.h"
#include "core/logical_unit.h"
#include "core/reservations/parameter_list.h"
#include "core/reservations/reservations.h"
#include "core/target.h"

namespace tgt {
namespace {

using Action = PersistentReserveOutAction;

constexpr std::uint16_t flags_byte = 20;
constexpr std::uint16_t move_flags_byte = 17;
constexpr std::uint16_t move_target_port_byte = 18;

Result<ReservationType, Sense> type_of(const Command& command) {
  if (command[PersistentReserveOut::scope] != 0) {
    return failure(Sense::invalid_field_in_cdb(PersistentReserveOut::scope));
  }
  const auto type = reservation_type(command[PersistentReserveOut::type]);
  if (!type) return failure(Sense::invalid_field_in_cdb(PersistentReserveOut::type));
  return *type;
}

// SCOPE and TYPE count for RESERVE and RELEASE, for PREEMPT where it takes a reservation over; elsewhere they are
// ignored (SPC-6, table of service actions).
Result<PersistentReserveOutRequest, Sense> request_of_cdb(Action action, const Command& command) {
  PersistentReserveOutRequest request;
  request.action = action;
  request.nexus = identity_of(command.itl());
  const bool preempts = action == Action::preempt || action == Action::preempt_and_abort;
  if (!preempts && action != Action::reserve && action != Action::release) return request;
  const auto type = type_of(command);
  if (type) {
    request.type = *type;
  } else if (preempts) {
    request.no_type = type.error();
  } else {
    return failure(type.error());
  }
  return request;
}

// What the list asks for that this unit, or this target, does not have.
std::optional<Sense> unsupported(const PersistentReserveOutRequest& request, const Command& command) {
  const bool moves = request.action == Action::register_and_move;
  if (request.activate_persist_through_power_loss && !command.itl().unit().reservations().can_persist()) {
    return Sense::invalid_field_in_parameter_list(moves ? move_flags_byte : flags_byte, 0);
  }
  if (moves && !command.nexus().target().has_port(request.others.front().relative_target_port)) {
    return Sense::invalid_field_in_parameter_list(move_target_port_byte);
  }
  return std::nullopt;
}

Reply reply_for(const PersistentReserveRefusal& refusal) {
  if (const Status* status = std::get_if<Status>(&refusal)) return Reply::with_status(*status);
  return Reply::check_condition(std::get<Sense>(refusal));
}

}  // namespace

Task<Reply> PersistentReserveOut::carry_out(PersistentReserveOutAction action, Command& command) {
  auto request = request_of_cdb(action, command);
  if (!request) co_return Reply::check_condition(request.error());
  const std::uint64_t length = command[parameter_list_length];
  if (length < PersistentReserveOutList::basic_length || length > PersistentReserveOutList::longest) {
    co_return Reply::check_condition(Sense::parameter_list_length_error());
  }
  const auto list = co_await command.parameter_list(length);
  if (!list) co_return Reply::check_condition(list.error());
  Reservations& reservations = command.itl().unit().reservations();
  const auto decoded = PersistentReserveOutList::decode(*list, std::move(*request), reservations.known_ports());
  if (!decoded) co_return Reply::check_condition(decoded.error());
  const std::optional<Sense> refused = unsupported(*decoded, command);
  if (refused) co_return Reply::check_condition(*refused);
  const auto changed =
      co_await reservations.change(command.itl(), *decoded, [&command] { return command.abort_requested(); });
  if (!changed) co_return reply_for(changed.error());
  co_return Reply::good();
}

}  // namespace tgt
