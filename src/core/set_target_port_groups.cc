// SPDX-License-Identifier: Apache-2.0
#include "core/set_target_port_groups.h"

#include <optional>
#include <vector>

#include "base/big_endian.h"
#include "core/nexus.h"
#include "core/target.h"

namespace tgt {
namespace {

struct SetDescriptor {
  std::uint8_t state = 0;  // bits 3 to 0
  std::uint8_t reserved = 0;
  be16 target_port_group{};
};
static_assert(WireStruct<SetDescriptor> && sizeof(SetDescriptor) == 4);

constexpr std::size_t header_length = 4;
constexpr std::size_t longest_list = header_length + 65536 * sizeof(SetDescriptor);
constexpr unsigned state_mask = 0x0f;
constexpr std::uint8_t state_bit = 3;

// States that an initiator may ask for; transitioning is none.
std::optional<AsymmetricAccessState> settable(std::uint8_t value) {
  if (value > 0x3 && value != 0xe) return std::nullopt;
  return static_cast<AsymmetricAccessState>(value);
}

bool has_group(const std::vector<TargetPortGroup>& groups, std::uint16_t id) {
  return std::ranges::find(groups, id, &TargetPortGroup::id) != groups.end();
}

Result<std::vector<TargetPortGroups::NewState>, Sense> decode(Bytes list, const std::vector<TargetPortGroup>& groups) {
  std::vector<TargetPortGroups::NewState> states;
  for (std::size_t at = header_length; at < list.size(); at += sizeof(SetDescriptor)) {
    const auto descriptor = read_wire<SetDescriptor>(list.subspan(at));
    if (!descriptor) return failure(Sense::parameter_list_length_error());
    const auto state = settable(descriptor->state & state_mask);
    const auto byte = static_cast<std::uint16_t>(std::min<std::size_t>(at, 0xffff));
    if (!state) return failure(Sense::invalid_field_in_parameter_list(byte, state_bit));
    if (!has_group(groups, descriptor->target_port_group)) {
      return failure(Sense::invalid_field_in_parameter_list(static_cast<std::uint16_t>(byte + 2)));
    }
    states.push_back({.id = descriptor->target_port_group, .state = *state});
  }
  return states;
}

}  // namespace

Task<Reply> SetTargetPortGroups::run(DeviceServer&, Command& command) {
  Target& target = command.nexus().target();
  if (!target.port_groups().any()) {
    co_return Reply::check_condition(Sense::invalid_field_in_cdb(Field{1, 4, 5}));
  }
  const std::uint64_t length = command[parameter_list_length];
  if (length == 0) co_return Reply::good();
  if (length < header_length || length > longest_list || length % sizeof(SetDescriptor) != 0) {
    co_return Reply::check_condition(Sense::parameter_list_length_error());
  }
  const auto list = co_await command.parameter_list(length);
  if (!list) co_return Reply::check_condition(list.error());
  const auto states = decode(*list, target.port_groups().list());
  if (!states) co_return Reply::check_condition(states.error());
  // A group that the administrator took away meanwhile.
  if (!target.set_port_group_states(*states, command.nexus())) {
    co_return Reply::check_condition(Sense::invalid_field_in_parameter_list(header_length + 2));
  }
  co_return Reply::good();
}

}  // namespace tgt
