// SPDX-License-Identifier: Apache-2.0
#include "control/request_order.h"

namespace tgt {

Task<RequestOrder::Turn> RequestOrder::wait(std::int64_t key) {
  const auto [place, is_first] = waiting_.try_emplace(key);
  if (!is_first) {
    Event my_turn;
    place->second.push_back(&my_turn);
    co_await my_turn.wait();
  }
  co_return Turn(*this, key);
}

void RequestOrder::leave(std::int64_t key) {
  const auto place = waiting_.find(key);
  if (place->second.empty()) {
    waiting_.erase(place);
    return;
  }
  Event* next = place->second.front();
  place->second.pop_front();
  next->set();
}

}  // namespace tgt
