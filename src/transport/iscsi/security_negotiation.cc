// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/security_negotiation.h"

#include "transport/iscsi/negotiation.h"
#include "transport/iscsi/text.h"

namespace tgt {

SecurityNegotiation::Verdict SecurityNegotiation::take_method(std::string_view list, std::string& answer) {
  if (method_taken_) return Verdict::refuse;
  method_taken_ = true;
  const auto none = first_of_list(list, [](std::string_view item) { return item == "None"; });
  if (required_ || none.empty()) {
    append_pair(answer, "AuthMethod", "Reject");
    return Verdict::refuse;
  }
  append_pair(answer, "AuthMethod", "None");
  return Verdict::go_on;
}

bool SecurityNegotiation::take_key(std::string_view /*key*/, std::string_view /*value*/, std::string& /*answer*/) {
  return false;  // None, the only method so far, has no keys of its own
}

}  // namespace tgt
