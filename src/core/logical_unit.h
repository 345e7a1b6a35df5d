// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <vector>

#include "core/device_server.h"
#include "core/task_set.h"
#include "core/unit_attentions.h"

namespace tgt {

// A logical unit (SAM-6): a device server with its task set and its unit attentions. Served by every shard at once.
// Shared by the targets that map it and the nexuses that use it.
class LogicalUnit {
 public:
  // `shards`: every data shard of the program, in index order; they outlive the logical unit.
  LogicalUnit(std::unique_ptr<DeviceServer> device, std::vector<Shard*> shards);
  ~LogicalUnit();
  LogicalUnit(const LogicalUnit&) = delete;
  LogicalUnit& operator=(const LogicalUnit&) = delete;

  DeviceServer& device() { return *device_; }
  TaskSet& task_set() { return task_set_; }
  UnitAttentions& unit_attentions() { return unit_attentions_; }
  const std::vector<Shard*>& shards() const { return shards_; }

  // Every nexus that has touched this unit registers here, so that unit attentions and arming reach it.
  void attach(ItlNexus& itl);
  void detach(ItlNexus& itl);

 private:
  std::unique_ptr<DeviceServer> device_;
  std::vector<Shard*> shards_;
  UnitAttentions unit_attentions_;
  TaskSet task_set_;
};

}  // namespace tgt
