// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <optional>
#include <vector>

#include "core/command.h"
#include "core/target.h"
#include "core/task_manager.h"
#include "reactor/event.h"
#include "reactor/gate.h"
#include "reactor/shard.h"
#include "reactor/task.h"
#include "transport/loopback/loopback_command.h"

namespace tgt {

// What an initiator sees of a command's end.
struct LoopbackReply {
  bool answered = false;  // false: aborted, nothing more will be said of it
  Status status = Status::good;
  std::vector<std::uint8_t> data;
  std::optional<Sense> sense;
  Residual residual;
};

// An initiator port, its session and the target port in one: logs in to a target and gives it commands. On one shard.
class LoopbackInitiator final : public Session {
 public:
  LoopbackInitiator(Shard& shard, Target& target);
  ~LoopbackInitiator();  // after logout() has ended
  LoopbackInitiator(const LoopbackInitiator&) = delete;
  LoopbackInitiator& operator=(const LoopbackInitiator&) = delete;

  // False when the target refuses.
  Task<bool> login(Nexus::Properties properties);
  // Ends when every task has ended. For good: who logs in again is a new object.
  Task<void> logout();
  bool logged_in() const { return nexus_ != nullptr; }
  Nexus& nexus() { return *nexus_; }
  Shard& shard() { return shard_; }

  struct Execution {
    Lun lun{};
    Cdb cdb{};
    std::uint32_t expected_data_in = 0;
    std::vector<std::uint8_t> data_out{};
    TaskAttribute attribute = TaskAttribute::simple;
    std::uint64_t tag = 0;
    bool withhold_data_out = false;  // until give_data_out(tag)
  };
  // Starts at once, on the calling task.
  Task<LoopbackReply> execute(Execution execution);
  // Data-Out that was withheld may be fetched now.
  void give_data_out(std::uint64_t tag);
  Task<TaskManagementResponse> manage(TaskManager& manager, TaskManagementFunction function, Lun lun = {},
                                      std::uint64_t tag = 0);

  void end(SessionEnd reason) override;
  std::optional<SessionEnd> asked_to_end() const { return asked_to_end_; }

 private:
  Shard& shard_;
  Target& target_;
  std::shared_ptr<Nexus> nexus_;
  Gate gate_;
  bool ending_ = false;
  Event ended_;
  std::optional<SessionEnd> asked_to_end_;
  std::vector<LoopbackCommand*> commands_;
};

}  // namespace tgt
