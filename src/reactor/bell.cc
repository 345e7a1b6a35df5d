// SPDX-License-Identifier: Apache-2.0
#include "reactor/bell.h"

#include <utility>

#include "reactor/timer.h"

namespace tgt {

Bell::Waiter::Waiter(Bell& bell, Shard& shard) : bell_(bell), node_(std::make_shared<Node>(shard)) {
  node_->run = [](PostedWork& work) {
    auto& node = static_cast<Node&>(work);
    const std::shared_ptr<Node> keep = std::move(node.keep);
    node.event.set();
  };
  const LockGuard lock(bell_.mutex_);
  bell_.waiting_.push_back(node_);
}

Bell::Waiter::~Waiter() {
  const LockGuard lock(bell_.mutex_);
  std::erase(bell_.waiting_, node_);
}

Task<void> Bell::Waiter::rung(std::optional<TimePoint> until) {
  const std::shared_ptr<Node> node = node_;
  Timer timer(node->shard, [](void* event) { static_cast<Event*>(event)->set(); }, &node->event);
  if (until) timer.arm_at(*until);
  co_await node->event.wait();
}

void Bell::ring() {
  std::vector<std::shared_ptr<Node>> waiting;
  {
    const LockGuard lock(mutex_);
    waiting.swap(waiting_);
    for (const auto& node : waiting) node->keep = node;
  }
  for (const auto& node : waiting) node->shard.post(*node);
}

}  // namespace tgt
