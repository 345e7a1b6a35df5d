// SPDX-License-Identifier: Apache-2.0
#include "initiator/generic_reset.h"

#include <cerrno>
#include <utility>

namespace tgt {
namespace {

// A reset that has not returned by then counts as failed; below the initiators' own timers (30 s).
constexpr Duration longest = 20s;
constexpr Duration recovery_retry = 100ms;
constexpr Duration poll = 5ms;

}  // namespace

// One call on its way. Shared, because nobody waits for one that does not return.
struct GenericReset::Call : BlockingWork {
  enum class State : std::uint8_t { under_way, returned, given_up };

  std::shared_ptr<Call> self;  // while the thread has it
  std::shared_ptr<GenericNode> node;
  std::shared_ptr<std::atomic<bool>> under_way;
  int level = sg::reset_nothing;
  int error_number = 0;
  std::atomic<State> state{State::under_way};

  void make() {
    auto result = node->control(sg::scsi_reset, &level);
    error_number = result ? 0 : result.error().number();
    // Who gave it up has gone: the next one may be asked for from now on.
    if (state.exchange(State::returned) == State::given_up) under_way->store(false);
  }
};

GenericReset::GenericReset(std::shared_ptr<GenericNode> node, std::string name, Log log)
    : node_(std::move(node)),
      name_(std::move(name)),
      log_(std::move(log)),
      thread_(std::make_shared<BlockingPool>(1)),
      under_way_(std::make_shared<std::atomic<bool>>(false)) {}

// Makes the call. False when it has been given up.
Task<bool> GenericReset::returned(Shard& shard, std::shared_ptr<Call> call, TimePoint deadline) {
  call->state.store(Call::State::under_way);
  call->self = call;
  call->run = [](PostedWork& work) {
    // The last owner may be this thread.
    const std::shared_ptr<Call> self = std::move(static_cast<Call&>(work).self);
    self->make();
  };
  thread_->submit(*call);
  while (call->state.load() == Call::State::under_way && shard.now() < deadline) co_await shard.sleep(poll);
  co_return call->state.exchange(Call::State::given_up) == Call::State::returned;
}

Task<InitiatorPort::ResetResult> GenericReset::perform(Shard& shard, InitiatorPort::ResetLevel level) {
  using Result = InitiatorPort::ResetResult;
  using Level = InitiatorPort::ResetLevel;
  if (under_way_->exchange(true)) co_return Result::failed;
  auto call = std::make_shared<Call>();
  call->node = node_;
  call->under_way = under_way_;
  call->level = (level == Level::logical_unit ? sg::reset_device : sg::reset_target) | sg::reset_no_escalation;
  const TimePoint deadline = shard.now() + longest;
  for (bool again = true; again;) {
    const bool has_returned = co_await returned(shard, call, deadline);
    if (!has_returned) {
      log_.error("{}: a reset has not returned for {} s", name_, longest / 1s);
      co_return Result::failed;
    }
    again = call->error_number == EAGAIN && shard.now() < deadline;
    if (again) co_await shard.sleep(recovery_retry);
  }
  under_way_->store(false);
  const int error_number = call->error_number;
  if (error_number == 0) co_return Result::done;
  log_.warning("{}: reset: {}", name_, IoError::from_errno(error_number).text());
  co_return error_number == EACCES || error_number == EPERM ? Result::not_supported : Result::failed;
}

void GenericReset::close() {
  thread_->end(0s);
  node_.reset();
}

}  // namespace tgt
