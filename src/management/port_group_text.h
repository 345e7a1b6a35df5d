// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>
#include <string_view>
#include <vector>

#include "base/result.h"
#include "core/target_port_groups.h"

namespace tgt {

// What `--name port_group` says of a target.
struct PortGroupChange {
  TargetPortGroup group;
  bool removed = false;
};

// "ID:state=standby:preferred=1:ports=1+2", or "ID:remove". What is not said stays as it is in that one of `groups`; a
// new group is active/optimized, not preferred, and has all of the target's ports. The error is for people.
Result<PortGroupChange, std::string> parse_port_group(std::string_view text,
                                                      const std::vector<std::uint16_t>& all_ports,
                                                      const std::vector<TargetPortGroup>& groups);

// The same, whole.
std::string port_group_text(const TargetPortGroup& group);

}  // namespace tgt
