// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <map>
#include <memory>
#include <string_view>
#include <vector>

#include "core/target.h"

namespace tgt {

// All targets of the daemon, by number and by name. From any shard.
class TargetRegistry {
 public:
  // False when the number or the name is taken.
  bool add(std::shared_ptr<Target> target);
  std::shared_ptr<Target> find(TargetId tid) const;
  std::shared_ptr<Target> find(std::string_view name) const;
  void remove(TargetId tid);
  // Ascending by number.
  std::vector<std::shared_ptr<Target>> list() const;
  // A number for a new nexus, never used before.
  std::uint64_t next_nexus_id();

  // `tgtadm --mode sys --op update --name State`: while offline nobody may log in anywhere.
  bool online() const;
  void set_online(bool online);

 private:
  mutable Mutex mutex_;
  std::map<TargetId, std::shared_ptr<Target>> targets_;
  std::uint64_t last_nexus_id_ = 0;
  bool online_ = true;
};

}  // namespace tgt
