// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>
#include <string_view>
#include <vector>

#include "reactor/endpoint.h"
#include "reactor/mutex.h"

namespace tgt {

// Who may log in to a target: rules by address ("ALL", "192.0.2.1", "192.0.2.0/24", "[2001:db8::]/32", "fe80::/10") and
// by initiator name; one match admits. Without any rule nobody is admitted. Text that is no address is kept (and shown)
// but matches nothing. From any shard.
class AccessRules {
 public:
  bool add_address(std::string rule);          // false: already there
  bool remove_address(std::string_view rule);  // false: not there
  bool add_name(std::string name);
  bool remove_name(std::string_view name);
  bool admits(const Endpoint& from, std::string_view initiator_name) const;
  // Was a rule ever made here? (The historic `state running` opens a target whose rules nobody ever touched.)
  bool ever_changed() const;
  // Addresses in the order they were added, then names: as `show` lists them.
  std::vector<std::string> list() const;

 private:
  mutable Mutex mutex_;
  std::vector<std::string> addresses_;
  std::vector<std::string> names_;
  bool ever_changed_ = false;
};

}  // namespace tgt
