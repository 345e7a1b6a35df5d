// SPDX-License-Identifier: Apache-2.0
#include "reactor/simulated_backend.h"

#include <algorithm>
#include <cerrno>
#include <utility>

namespace tgt {

bool SimulatedBackend::start(Operation& operation) {
  operation.result = -EAGAIN;
  // Now and then a kernel does it at once.
  if (!system_.delays()) {
    pending_.push_back(&operation);
    return false;
  }
  operation.result = system_.attempt(operation);
  if (operation.result != -EAGAIN) return true;
  pending_.push_back(&operation);
  return false;
}

void SimulatedBackend::cancel(Operation& operation) {
  if (operation.result == -EAGAIN) operation.result = -ECANCELED;
}

void SimulatedBackend::cancel_descriptor(int descriptor) {
  for (Operation* operation : pending_) {
    if (operation->descriptor == descriptor) cancel(*operation);
  }
}

void SimulatedBackend::wait(std::optional<TimePoint> until) { until_ = until; }

// What would wait looks first: the clock is moved only when nothing is ready.
bool SimulatedBackend::resume() {
  bool worked = resume_in_any_order();
  const bool may_wait = !until_ || *until_ > now();
  if (!worked && may_wait) {
    // A second look: what chance put off must not become a sleep.
    for (int look = 0; look < 64 && !worked; ++look) worked = resume_in_any_order();
    if (!worked && until_) system_.advance_to(*until_);
  }
  return worked;
}

bool SimulatedBackend::resume_in_any_order() {
  std::vector<Operation*> looked_at = std::exchange(pending_, {});
  for (std::size_t i = looked_at.size(); i > 1; --i) std::swap(looked_at[i - 1], looked_at[system_.random(i)]);
  std::vector<Operation*> done;
  for (Operation* operation : looked_at) {
    const bool cancelled = operation->result != -EAGAIN;
    if (!cancelled && !system_.delays()) operation->result = system_.attempt(*operation);
    (operation->result == -EAGAIN ? pending_ : done).push_back(operation);
  }
  for (Operation* operation : done) operation->waiter.resume();
  return !done.empty();
}

}  // namespace tgt
