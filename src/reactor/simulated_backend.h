// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "reactor/backend.h"
#include "reactor/simulated_system.h"

namespace tgt {

// The backend of one shard over a SimulatedSystem: what is ready is done in an order that the system's seed decides.
// When nothing is ready and the wait has an end, the clock jumps there.
class SimulatedBackend final : public Backend {
 public:
  explicit SimulatedBackend(SimulatedSystem& system) : system_(system) {}

  bool start(Operation& operation) override;
  void cancel(Operation& operation) override;
  void cancel_descriptor(int descriptor) override;
  void wait(std::optional<TimePoint> until) override;
  bool resume() override;
  void wake() override {}
  TimePoint now() const override { return system_.now(); }
  void shutdown(int socket) override { system_.shutdown(socket); }
  void close(int descriptor) override { system_.close(descriptor); }
  void forget(int) override {}
  std::optional<std::uint64_t> taken(int socket) const override { return system_.taken(socket); }

  std::size_t under_way() const { return pending_.size(); }

 private:
  bool resume_in_any_order();

  SimulatedSystem& system_;
  std::vector<Operation*> pending_;
  std::optional<TimePoint> until_;
};

}  // namespace tgt
