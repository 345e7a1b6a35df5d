// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/itl_nexus.h"
#include "device/passthrough/own_commands.h"
#include "device/passthrough/passthrough_device.h"
#include "reactor/event.h"
#include "reactor/timer.h"

// Resets, and initiators that go.
namespace tgt {
namespace {

// How often a device that always has something else to tell is asked the same.
constexpr int most_questions = 8;

}  // namespace

// A task of our own that is under way. On one shard.
struct PassthroughDevice::Background {
  bool over = false;
  Event over_or_late;
};

Task<ScsiResult> PassthroughDevice::run(Shard& shard, ScsiRequest request) {
  Execution execution(*port_, shard, request);
  co_await execution;
  co_return execution.result();
}

Task<ResetOutcome> PassthroughDevice::reset(Shard& shard, ResetKind) {
  // Below what the task manager waits, which is below what initiators wait.
  constexpr Duration longest = 22s;
  const TimePoint began = shard.now();
  const TimePoint deadline = began + longest;
  ++resets_under_way_;
  // A target of ours need not be a target of theirs: each of its units is reset by itself.
  const auto result = co_await port_->reset(shard, InitiatorPort::ResetLevel::logical_unit);
  // However the adapter answered, what it holds must have come back: only then has the device been quiet.
  const bool idle = co_await port_->wait_until_idle(shard, std::max(deadline - shard.now(), Duration(0)));
  const bool was_reset = result == InitiatorPort::ResetResult::done;
  blocks_.forget();
  if (idle) {
    co_await end_of_reset(shard, was_reset, deadline);
    // If not, nobody is told of one by us, and notices are all that there is.
    foreign_.met(Sense::power_on_or_reset(), began, shard.now());
  }
  --resets_under_way_;
  if (!was_reset && idle) {
    log_.warning("{}: the adapter cannot reset {}; all its commands have ended by themselves instead", path_,
                 port_->identity().node);
  }
  if (!idle) {
    log_.warning("{}: after a reset of {} some commands have not come back in {} s", path_, port_->identity().node,
                 longest / 1s);
  }
  co_return idle ? ResetOutcome::done : ResetOutcome::failed;
}

// What a reset ends is ended, by us where the device did not do it. The unit is frozen meanwhile: what the device has
// to say to that is awaited in bounded time, though the kernel may give it minutes.
Task<void> PassthroughDevice::end_of_reset(Shard& shard, bool was_reset, TimePoint deadline) {
  const bool was_held = prevented_.clear();
  if (!was_reset && !was_held) co_return;
  const auto work = std::make_shared<Background>();
  spawn(in_background(work, was_reset ? swallow_unit_attentions(shard, deadline) : allow_removal(shard)));
  Timer timer(shard, [](void* event) { static_cast<Event*>(event)->set(); }, &work->over_or_late);
  timer.arm_at(deadline);
  co_await work->over_or_late.wait();
  timer.cancel();
  if (!work->over) log_.warning("{}: after its reset {} does not answer", path_, port_->identity().node);
}

Task<void> PassthroughDevice::in_background(std::shared_ptr<Background> state, Task<void> work) {
  ++background_;
  co_await std::move(work);
  --background_;  // from here on close() may go on
  state->over = true;
  state->over_or_late.set();
}

// What the device told a command of our own, of which no initiator sees the answer: kept for those whom it concerns,
// unless they are `told` anyhow. False: it told nothing of the kind.
bool PassthroughDevice::keep_for_initiators(const ScsiResult& result, const Sense& told, TimePoint now) {
  if (is_deferred_error(result)) return deferred_.keep(result.sense, nullptr);
  const auto condition = result.sense.decode();
  if (!result.has_device_sense() || !condition || condition->key != SenseKey::unit_attention) return false;
  foreign_.met(*condition, now);
  if (condition->additional.code != told.additional.code) foreign_.owe(*condition);
  return true;
}

// The device's own unit attentions about the reset: the task manager tells every nexus itself.
Task<void> PassthroughDevice::swallow_unit_attentions(Shard& shard, TimePoint deadline) {
  for (int asked = 0; asked < most_questions && shard.now() < deadline; ++asked) {
    const ScsiResult result = co_await run(shard, {.cdb = own_command::test_unit_ready(), .timeout = 10s});
    if (!keep_for_initiators(result, Sense::power_on_or_reset(), shard.now())) co_return;
  }
}

Task<void> PassthroughDevice::allow_removal(Shard& shard) {
  // Not any more when somebody prevents it again.
  for (int asked = 0; !prevented_.any(); ++asked) {
    const ScsiResult result = co_await run(shard, {.cdb = own_command::allow_medium_removal(), .timeout = 60s});
    if (result.good()) co_return;
    if (keep_for_initiators(result, Sense(), shard.now()) && asked < most_questions) continue;
    log_.warning("{}: {} does not release its medium", path_, port_->identity().node);
    co_return;
  }
}

void PassthroughDevice::nexus_lost(ItlNexus& itl) {
  ++background_;  // before nobody holds the medium any more: close() finds the one or the other
  if (prevented_.allow(itl) == PreventedRemoval::Change::last && !port_->gone()) {
    spawn(in_background(std::make_shared<Background>(), allow_removal(itl.nexus().shard())));
  }
  --background_;
}

// Initiators that still prevent the removal of the medium are not here to allow it any more.
Task<void> PassthroughDevice::close(Shard& shard) {
  if (prevented_.clear() && !port_->gone()) co_await allow_removal(shard);
  while (background_.load() != 0) co_await shard.sleep(5ms);
  if (deferred_.any()) {
    log_.warning("{}: {} could not write all that it had taken, and nobody is there who could be told", path_,
                 port_->identity().node);
  }
  co_await port_->close(shard);
  hold_ = DevicesInUse::Hold();
}

}  // namespace tgt
