// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>

#include "reactor/endpoint.h"
#include "transport/iscsi/services.h"

namespace tgt {

// Who asks for targets, and from where.
struct DiscoveringInitiator {
  std::string name;
  Endpoint address;
  Endpoint portal;         // the local end of its connection
  std::string own_target;  // the target of its session; empty in a discovery session
};

// The answer to SendTargets=<which> (RFC 7143, appendix C): the targets that would admit the initiator, each with the
// addresses of its portals. `which` is All (discovery sessions only), a target's name, or empty for the session's own.
std::string send_targets(const IscsiServices& services, const DiscoveringInitiator& initiator, std::string_view which);

}  // namespace tgt
