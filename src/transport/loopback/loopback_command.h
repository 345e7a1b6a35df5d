// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <vector>

#include "core/command.h"
#include "reactor/event.h"

namespace tgt {

// A task whose Data-Out lies in memory already; a test may withhold it for a while, as a slow initiator would.
class LoopbackCommand final : public Command {
 public:
  enum class DataOut : std::uint8_t { at_hand, withheld };
  LoopbackCommand(Shard& shard, Nexus& nexus, const Request& request, MutableBytes data_out, DataOut state)
      : Command(shard, nexus, request), data_out_(data_out) {
    if (state == DataOut::at_hand) given_.set();
  }

  void give_data_out() { given_.set(); }

 private:
  bool has_data_out(std::uint32_t) const override { return given_.is_set(); }
  Task<bool> fetch_data_out(std::uint32_t) override {
    co_await given_.wait();
    co_return !abandoned_;
  }
  MutableBytes fetched_data_out() override { return data_out_; }
  void abandon_data_out() override {
    abandoned_ = true;
    given_.set();
  }

  MutableBytes data_out_;
  Event given_;
  bool abandoned_ = false;
};

}  // namespace tgt
