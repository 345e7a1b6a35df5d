// SPDX-License-Identifier: Apache-2.0
#include <algorithm>

#include "core/itl_nexus.h"
#include "device/passthrough/own_commands.h"
#include "device/passthrough/passthrough_device.h"

// Resets, and initiators that go.
namespace tgt {

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
  if (idle && was_reset) co_await swallow_unit_attentions(shard, deadline);
  if (prevented_.clear() && idle && !was_reset) co_await allow_removal(shard);
  blocks_.forget();
  foreign_.met(Sense::power_on_or_reset(), began, shard.now());
  --resets_under_way_;
  if (!was_reset && idle) {
    log_.info("{}: the adapter cannot reset {}; all its commands have ended by themselves instead", path_,
              port_->identity().node);
  }
  if (!idle) {
    log_.warning("{}: after a reset of {} some commands have not come back in {} s", path_, port_->identity().node,
                 longest / 1s);
  }
  co_return idle ? ResetOutcome::done : ResetOutcome::failed;
}

// The device's own unit attentions about the reset: the task manager tells every nexus itself.
Task<void> PassthroughDevice::swallow_unit_attentions(Shard& shard, TimePoint deadline) {
  constexpr int most = 8;
  for (int asked = 0; asked < most && shard.now() < deadline; ++asked) {
    const ScsiResult result = co_await run(shard, {.cdb = own_command::test_unit_ready(), .timeout = 10s});
    const auto sense = result.sense.decode();
    if (!result.has_device_sense() || !sense || sense->key != SenseKey::unit_attention) co_return;
    foreign_.met(*sense, shard.now());
  }
}

Task<void> PassthroughDevice::allow_removal(Shard& shard) {
  ++background_;
  const ScsiResult result = co_await run(shard, {.cdb = own_command::allow_medium_removal(), .timeout = 60s});
  if (!result.good()) log_.warning("{}: {} does not release its medium", path_, port_->identity().node);
  --background_;
}

void PassthroughDevice::nexus_lost(ItlNexus& itl) {
  if (prevented_.allow(itl) == PreventedRemoval::Change::last && !port_->gone()) {
    spawn(allow_removal(itl.nexus().shard()));
  }
}

// Initiators that still prevent the removal of the medium are not here to allow it any more.
Task<void> PassthroughDevice::close(Shard& shard) {
  if (prevented_.clear() && !port_->gone()) co_await allow_removal(shard);
  while (background_.load() != 0) co_await shard.sleep(5ms);
  co_await port_->close(shard);
  hold_ = DevicesInUse::Hold();
}

}  // namespace tgt
