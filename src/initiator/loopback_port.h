// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <vector>

#include "initiator/initiator_port.h"

namespace tgt {

// A port with no device behind it, for tests: it answers what it is told to, keeps requests as long as a test wants,
// and resets or fails to. Used on one shard.
class LoopbackPort final : public InitiatorPort {
 public:
  // What becomes of a request.
  struct Reaction {
    enum class When : std::uint8_t {
      at_once,
      held_in_queue,   // waits in the port's own queue: can be dropped
      held_by_device,  // is with the device until release()
    };
    ScsiResult result{};               // `requested` and `residual` are set by the port unless keep_residual
    std::vector<std::uint8_t> data{};  // Data-In
    When when = When::at_once;
    bool keep_residual = false;  // `result.residual` is as the test wants it, whatever the data
  };
  struct Received {
    Cdb cdb;
    DataDirection direction;
    std::size_t length;
    std::vector<std::uint8_t> data_out;
    std::chrono::milliseconds timeout;
    bool keep_unfilled_bytes;
  };
  using Device = std::function<Reaction(const ScsiRequest&)>;

  explicit LoopbackPort(Device device) : device_(std::move(device)) {}
  static Reaction good(std::vector<std::uint8_t> data = {});
  static Reaction check_condition(const Sense& sense);
  static Reaction fault(ScsiResult::Fault fault, bool sent);

  // What the test sees and sets.
  std::vector<Received> received;
  ResetResult reset_result = ResetResult::done;
  std::vector<ResetLevel> resets;
  bool release_on_reset = false;  // a reset ends what the device holds with host status RESET
  Limits told_limits{.transfer_bytes = 1u << 20, .cdb_length = 32, .queue_depth = 32};
  Identity told_identity{};
  bool is_gone = false;
  const HostNotices* told_notices = nullptr;
  bool closed = false;
  std::size_t held() const { return in_queue_.size() + at_device_.size(); }
  // Ends everything that is held, with its own result.
  void release();

  void submit(Execution& execution) override;
  void drop(Execution& execution) override;
  Task<ResetResult> reset(Shard& shard, ResetLevel level) override;
  Task<bool> wait_until_idle(Shard& shard, Duration longest) override;
  Limits limits() const override { return told_limits; }
  const Identity& identity() const override { return told_identity; }
  bool gone() const override { return is_gone; }
  const HostNotices* notices() const override { return told_notices; }
  Task<void> close(Shard& shard) override;

 private:
  void answer(Execution& execution, const Reaction& reaction);

  Device device_;
  ExecutionQueue in_queue_;
  ExecutionQueue at_device_;
};

}  // namespace tgt
