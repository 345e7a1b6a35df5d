// SPDX-License-Identifier: Apache-2.0
#include "store/shared_flush.h"

namespace tgt {

Task<SharedFlush::Outcome> SharedFlush::run(Shard& shard, std::function<Task<Outcome>()> flush) {
  Ticket ticket;
  for (;;) {
    Bell::Waiter waiter(ended_, shard);
    look(ticket);
    if (ticket.covered) co_return Outcome();
    if (ticket.mine != 0) break;
    co_await waiter.rung();
  }
  auto outcome = co_await flush();
  end(ticket.mine, outcome.has_value());
  co_return outcome;
}

void SharedFlush::look(Ticket& ticket) {
  const LockGuard lock(mutex_);
  if (ticket.wanted == 0) ticket.wanted = begun_ + 1;
  ticket.covered = went_well_ >= ticket.wanted;
  if (ticket.covered || under_way_) return;
  under_way_ = true;
  ticket.mine = ++begun_;
}

void SharedFlush::end(std::uint64_t number, bool went_well) {
  {
    const LockGuard lock(mutex_);
    under_way_ = false;
    if (went_well) went_well_ = number;
  }
  ended_.ring();
}

}  // namespace tgt
