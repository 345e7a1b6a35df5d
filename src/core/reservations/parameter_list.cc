// SPDX-License-Identifier: Apache-2.0
#include "core/reservations/parameter_list.h"

#include <set>
#include <utility>

#include "base/big_endian.h"
#include "core/refusals.h"
#include "scsi/field.h"
#include "scsi/transport_id.h"

namespace tgt {
namespace {

using Request = PersistentReserveOutRequest;
using Decoded = Result<PersistentReserveOutRequest, Sense>;

struct BasicList {
  be64 reservation_key;
  be64 service_action_reservation_key;
  be32 obsolete;
  std::uint8_t flags;
  std::uint8_t reserved;
  be16 obsolete_too;
};
static_assert(WireStruct<BasicList> && sizeof(BasicList) == PersistentReserveOutList::basic_length);

struct MoveList {
  be64 reservation_key;
  be64 service_action_reservation_key;
  std::uint8_t reserved;
  std::uint8_t flags;
  be16 relative_target_port_identifier;
  be32 transport_id_length;
};
static_assert(WireStruct<MoveList> && sizeof(MoveList) == PersistentReserveOutList::basic_length);

constexpr Field specify_initiator_ports{20, 3, 1};
constexpr Field all_target_ports{20, 2, 1};
constexpr Field activate_persist_through_power_loss{20, 0, 1};
constexpr Field move_unregister{17, 1, 1};
constexpr Field move_activate_persist_through_power_loss{17, 0, 1};
constexpr std::uint16_t relative_target_port_byte = 18;
constexpr std::uint16_t move_length_byte = 20;
constexpr std::size_t additional_length_size = 4;

Decoded refuse(std::size_t byte) {
  return failure(Sense::invalid_field_in_parameter_list(static_cast<std::uint16_t>(byte)));
}

// The nexuses that one TransportID names: through the target port of the command, with ALL_TG_PT through any.
std::vector<NexusIdentity> nexuses_of(const IscsiTransportId& id, const Request& request,
                                      const PersistentReserveOutList::KnownPorts& known) {
  const NexusIdentity& through = request.nexus;
  if (id.isid) {
    NexusIdentity nexus = through;
    nexus.initiator = {.name = id.name, .isid = *id.isid};
    return {nexus};
  }
  std::vector<NexusIdentity> all;
  std::set<std::pair<decltype(InitiatorPortIdentity::isid), std::uint16_t>> seen;  // what is logged in and registered
  for (const NexusIdentity& one : known) {
    if (one.initiator.name != id.name || one.target != through.target) continue;
    if (!request.all_target_ports && one.relative_target_port != through.relative_target_port) continue;
    if (seen.emplace(one.initiator.isid, one.relative_target_port).second) all.push_back(one);
  }
  return all;
}

Decoded decode_initiator_ports(Bytes list, Request request, const PersistentReserveOutList::KnownPorts& known) {
  const auto length = read_wire<be32>(list.subspan(PersistentReserveOutList::basic_length));
  if (!length) return failure(Sense::parameter_list_length_error());
  std::size_t at = PersistentReserveOutList::basic_length + additional_length_size;
  if (*length != list.size() - at) return failure(Sense::parameter_list_length_error());
  while (at < list.size()) {
    const auto id = IscsiTransportId::decode(list.subspan(at));
    if (!id) return refuse(at);
    const std::vector<NexusIdentity> named = nexuses_of(id->id, request, known);
    if (named.empty()) return refuse(at);
    request.others.insert(request.others.end(), named.begin(), named.end());
    // Some names stand for many ports, again and again.
    const bool too_many = request.others.size() > PersistentState::most_registrations;
    if (too_many) return failure(refusal::insufficient_registration_resources);
    at += id->length;
  }
  return request;
}

Decoded decode_move(Bytes list, Request request) {
  const auto move = read_wire<MoveList>(list);
  if (!move) return failure(Sense::parameter_list_length_error());
  request.reservation_key = move->reservation_key;
  request.service_action_reservation_key = move->service_action_reservation_key;
  request.unregister = move_unregister.read(list) != 0;
  request.activate_persist_through_power_loss = move_activate_persist_through_power_loss.read(list) != 0;
  if (move->transport_id_length != list.size() - sizeof *move) return refuse(move_length_byte);
  const auto id = IscsiTransportId::decode(list.subspan(sizeof *move));
  if (!id || !id->id.isid || id->length != list.size() - sizeof *move) return refuse(sizeof *move);
  if (move->relative_target_port_identifier == 0) return refuse(relative_target_port_byte);
  NexusIdentity destination = request.nexus;
  destination.initiator = {.name = id->id.name, .isid = *id->id.isid};
  destination.relative_target_port = move->relative_target_port_identifier;
  if (destination.initiator == request.nexus.initiator) return refuse(sizeof *move);
  request.others.push_back(std::move(destination));
  return request;
}

}  // namespace

Decoded PersistentReserveOutList::decode(Bytes list, Request request, const KnownPorts& known) {
  if (request.action == PersistentReserveOutAction::register_and_move) return decode_move(list, std::move(request));
  const auto basic = read_wire<BasicList>(list);
  if (!basic) return failure(Sense::parameter_list_length_error());
  request.reservation_key = basic->reservation_key;
  request.service_action_reservation_key = basic->service_action_reservation_key;
  const bool registers = request.action == PersistentReserveOutAction::register_key ||
                         request.action == PersistentReserveOutAction::register_and_ignore_existing_key;
  if (registers) {  // elsewhere these bits are ignored (SPC-6, 6.16.3)
    request.specify_initiator_ports = specify_initiator_ports.read(list) != 0;
    request.all_target_ports = all_target_ports.read(list) != 0;
    request.activate_persist_through_power_loss = activate_persist_through_power_loss.read(list) != 0;
  }
  if (request.action == PersistentReserveOutAction::register_key && request.specify_initiator_ports) {
    return decode_initiator_ports(list, std::move(request), known);
  }
  if (list.size() != basic_length) return failure(Sense::parameter_list_length_error());
  return request;
}

}  // namespace tgt
