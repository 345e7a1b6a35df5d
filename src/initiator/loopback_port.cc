// SPDX-License-Identifier: Apache-2.0
#include "initiator/loopback_port.h"

#include <utility>

namespace tgt {

LoopbackPort::Reaction LoopbackPort::good(std::vector<std::uint8_t> data) {
  Reaction reaction;
  reaction.data = std::move(data);
  return reaction;
}

LoopbackPort::Reaction LoopbackPort::check_condition(const Sense& sense) {
  Reaction reaction;
  reaction.result.status = Status::check_condition;
  reaction.result.driver_status = DriverStatus::sense;
  reaction.result.sense = SenseData::encode(sense, SenseData::Format::fixed);
  return reaction;
}

LoopbackPort::Reaction LoopbackPort::fault(ScsiResult::Fault fault, bool sent) {
  Reaction reaction;
  reaction.result = ScsiResult::failed(fault, sent);
  return reaction;
}

void LoopbackPort::submit(Execution& execution) {
  const ScsiRequest& request = execution.request();
  Received& one = received.emplace_back(Received{.cdb = request.cdb,
                                                 .direction = request.direction,
                                                 .length = request.data.size(),
                                                 .data_out = {},
                                                 .timeout = request.timeout,
                                                 .keep_unfilled_bytes = request.keep_unfilled_bytes});
  if (request.direction == DataDirection::data_out) one.data_out.assign(request.data.begin(), request.data.end());
  const Reaction reaction = device_(request);
  answer(execution, reaction);
  switch (reaction.when) {
    case Reaction::When::at_once:
      return execution.complete();
    case Reaction::When::held_in_queue:
      execution.place = Execution::Place::queued;
      return in_queue_.push_back(execution);
    case Reaction::When::held_by_device:
      execution.place = Execution::Place::in_flight;
      return at_device_.push_back(execution);
  }
}

void LoopbackPort::answer(Execution& execution, const Reaction& reaction) {
  const auto requested = static_cast<std::uint32_t>(execution.request().data.size());
  const bool in = execution.request().direction == DataDirection::data_in;
  const std::size_t copied = in ? copy_bytes(reaction.data, execution.request().data) : requested;
  const bool moved = reaction.result.good() || !reaction.data.empty();
  execution.result() = reaction.result;
  execution.result().requested = requested;
  if (!reaction.keep_residual) {
    execution.result().residual = moved ? requested - static_cast<std::uint32_t>(copied) : requested;
  }
  if (reaction.result.fault == ScsiResult::Fault::none) execution.result().sent = true;
}

void LoopbackPort::drop(Execution& execution) {
  if (execution.place == Execution::Place::queued) {
    in_queue_.remove(execution);
    execution.place = Execution::Place::outside;
    execution.result() = ScsiResult::failed(ScsiResult::Fault::dropped, false);
    execution.complete();
  }
  execution.settle_drop();
}

void LoopbackPort::release() {
  for (ExecutionQueue* queue : {&in_queue_, &at_device_}) {
    while (Execution* execution = queue->pop_front()) {
      execution->place = Execution::Place::outside;
      execution->complete();
    }
  }
}

Task<InitiatorPort::ResetResult> LoopbackPort::reset(Shard&, ResetLevel level) {
  resets.push_back(level);
  while (Execution* execution = release_on_reset ? at_device_.pop_front() : nullptr) {
    execution->place = Execution::Place::outside;
    execution->result().host_status = HostStatus::reset;
    execution->complete();
  }
  co_return reset_result;
}

Task<bool> LoopbackPort::wait_until_idle(Shard& shard, Duration longest) {
  const TimePoint deadline = shard.now() + longest;
  while (!at_device_.empty() && shard.now() < deadline) co_await shard.sleep(5ms);
  const bool idle = at_device_.empty();
  co_return idle;
}

Task<void> LoopbackPort::close(Shard&) {
  closed = true;
  co_return;
}

}  // namespace tgt
