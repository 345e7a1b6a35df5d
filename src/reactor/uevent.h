// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <optional>
#include <string>
#include <string_view>
#include <utility>
#include <vector>

#include "base/bytes.h"

namespace tgt {

// What the kernel tells when a device comes, goes or changes: "ACTION=add", "DEVPATH=/devices/...", "SUBSYSTEM=...".
struct Uevent {
  std::vector<std::pair<std::string, std::string>> values;  // in the kernel's order
  // Set, with no values, when the kernel dropped messages because nobody read them in time: look at everything again.
  bool lost_some = false;

  // The value of a key; empty when it has none.
  std::string_view value(std::string_view key) const;
  // A message of NETLINK_KOBJECT_UEVENT; nothing when it is none.
  static std::optional<Uevent> parse(Bytes message);
};

}  // namespace tgt
