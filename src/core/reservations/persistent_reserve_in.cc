// SPDX-License-Identifier: Apache-2.0
#include "core/reservations/persistent_reserve_in.h"

#include <vector>

#include "base/big_endian.h"
#include "core/itl_nexus.h"
#include "core/logical_unit.h"
#include "scsi/transport_id.h"

namespace tgt {
namespace {

struct ListHeader {
  be32 generation{};
  be32 additional_length{};
};
static_assert(WireStruct<ListHeader> && sizeof(ListHeader) == 8);

struct ReservationDescriptor {
  be64 key{};
  be32 obsolete{};
  std::uint8_t reserved = 0;
  std::uint8_t scope_and_type = 0;  // LU_SCOPE is 0
  be16 obsolete_too{};
};
static_assert(WireStruct<ReservationDescriptor> && sizeof(ReservationDescriptor) == 16);

struct Capabilities {
  be16 length{8};
  std::uint8_t supported = 0;
  std::uint8_t type_mask_valid = 0x80;  // TMV; ALLOW COMMANDS says nothing
  be16 type_mask{0xea01};               // all six types
  be16 reserved{};
};
static_assert(WireStruct<Capabilities> && sizeof(Capabilities) == 8);

constexpr unsigned compatible_reservation_handling = 0x10;     // CRH
constexpr unsigned specify_initiator_ports_capable = 0x08;     // SIP_C
constexpr unsigned all_target_ports_capable = 0x04;            // ATP_C
constexpr unsigned persist_through_power_loss_capable = 0x01;  // PTPL_C
constexpr std::uint8_t persist_through_power_loss_activated = 0x01;

struct FullStatusDescriptor {
  be64 key{};
  be32 reserved{};
  std::uint8_t flags = 0;  // ALL_TG_PT, R_HOLDER
  std::uint8_t scope_and_type = 0;
  be32 reserved_too{};
  be16 relative_target_port_identifier{};
  be32 additional_descriptor_length{};
};
static_assert(WireStruct<FullStatusDescriptor> && sizeof(FullStatusDescriptor) == 24);

constexpr unsigned all_target_ports_flag = 0x02;
constexpr unsigned holder_flag = 0x01;

template <WireStruct T>
void append(std::vector<std::uint8_t>& to, const T& value) {
  const Bytes bytes = bytes_of(value);
  to.insert(to.end(), bytes.begin(), bytes.end());
}

// ADDITIONAL LENGTH tells the whole list, of which the allocation length may cut the end.
Reply list_reply(Command& command, std::uint32_t generation, const std::vector<std::uint8_t>& body) {
  const ListHeader header{.generation = generation, .additional_length = static_cast<std::uint32_t>(body.size())};
  const std::size_t wanted =
      std::min<std::size_t>(sizeof header + body.size(), command[PersistentReserveIn::allocation_length]);
  Result<Buffer, Sense> buffer = command.allocate_data_in(wanted);
  if (!buffer) return Reply::check_condition(buffer.error());
  const std::size_t copied = copy_bytes(bytes_of(header), buffer->first(wanted));
  copy_bytes(body, buffer->first(wanted).subspan(copied));
  return Reply::data_in(std::move(*buffer), wanted);
}

std::optional<PersistentState> state_of(Command& command) {
  return command.itl().unit().reservations().persistent_state();
}

Reply conflict() { return Reply::with_status(Status::reservation_conflict); }

}  // namespace

Reply ReadKeys::run(DeviceServer&, Command& command) {
  const auto state = state_of(command);
  if (!state) return conflict();
  std::vector<std::uint8_t> keys;
  for (const Registration& one : state->registrations) append(keys, be64(one.key));
  return list_reply(command, state->generation, keys);
}

Reply ReadReservation::run(DeviceServer&, Command& command) {
  const auto state = state_of(command);
  if (!state) return conflict();
  std::vector<std::uint8_t> body;
  if (state->reservation) {
    ReservationDescriptor descriptor;
    const bool of_all = is_all_registrants(state->reservation->type);
    const Registration* const holder = of_all ? nullptr : state->find(state->reservation->holder);
    if (holder != nullptr) descriptor.key = holder->key;
    descriptor.scope_and_type = static_cast<std::uint8_t>(state->reservation->type);
    append(body, descriptor);
  }
  return list_reply(command, state->generation, body);
}

Reply ReportCapabilities::run(DeviceServer&, Command& command) {
  const auto state = state_of(command);
  if (!state) return conflict();
  Capabilities capabilities;
  unsigned supported = compatible_reservation_handling | specify_initiator_ports_capable | all_target_ports_capable;
  if (command.itl().unit().reservations().can_persist()) supported |= persist_through_power_loss_capable;
  capabilities.supported = static_cast<std::uint8_t>(supported);
  if (state->activate_persist_through_power_loss) {
    capabilities.type_mask_valid |= persist_through_power_loss_activated;
  }
  Result<Buffer, Sense> buffer = command.allocate_data_in(sizeof capabilities);
  if (!buffer) return Reply::check_condition(buffer.error());
  copy_bytes(bytes_of(capabilities), buffer->all());
  return Reply::data_in(std::move(*buffer), sizeof capabilities);
}

Reply ReadFullStatus::run(DeviceServer&, Command& command) {
  const auto state = state_of(command);
  if (!state) return conflict();
  std::vector<std::uint8_t> body;
  for (const Registration& one : state->registrations) {
    const std::vector<std::uint8_t> transport_id =
        IscsiTransportId{.name = one.nexus.initiator.name, .isid = one.nexus.initiator.isid}.encode();
    FullStatusDescriptor descriptor;
    descriptor.key = one.key;
    descriptor.flags = static_cast<std::uint8_t>((one.all_target_ports ? all_target_ports_flag : 0u) |
                                                 (state->holds(one) ? holder_flag : 0u));
    if (state->holds(one)) descriptor.scope_and_type = static_cast<std::uint8_t>(state->reservation->type);
    descriptor.relative_target_port_identifier = one.nexus.relative_target_port;
    descriptor.additional_descriptor_length = static_cast<std::uint32_t>(transport_id.size());
    append(body, descriptor);
    body.insert(body.end(), transport_id.begin(), transport_id.end());
  }
  return list_reply(command, state->generation, body);
}

}  // namespace tgt
