// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/send_targets.h"

#include "transport/iscsi/text.h"

namespace tgt {
namespace {

// However many targets there are, an answer ends somewhere.
constexpr std::size_t longest_answer = std::size_t{16} << 20;

bool may_see(const DiscoveringInitiator& initiator, Target& target) {
  return target.driver() == "iscsi" && target.state() == Target::State::ready &&
         target.access().admits(initiator.address, initiator.name);
}

void append_target(std::string& answer, const Target& target, const std::vector<std::string>& addresses) {
  append_pair(answer, "TargetName", target.name());
  for (const std::string& address : addresses) append_pair(answer, "TargetAddress", address);
}

}  // namespace

std::string send_targets(const IscsiServices& services, const DiscoveringInitiator& initiator, std::string_view which) {
  const auto addresses = services.portals.addresses_for(initiator.portal);
  const bool discovery = initiator.own_target.empty();
  std::string answer;
  if (which == "All") {
    if (!discovery) {
      append_pair(answer, "SendTargets", "Reject");
      return answer;
    }
    for (const auto& target : services.targets.list()) {
      if (may_see(initiator, *target) && answer.size() < longest_answer) append_target(answer, *target, addresses);
    }
    return answer;
  }
  const std::string_view name = which.empty() ? std::string_view(initiator.own_target) : which;
  const auto target = services.targets.find(name);
  if (target != nullptr && may_see(initiator, *target)) append_target(answer, *target, addresses);
  return answer;
}

}  // namespace tgt
