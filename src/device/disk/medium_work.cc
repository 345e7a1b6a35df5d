// SPDX-License-Identifier: Apache-2.0
#include "device/disk/medium_work.h"

#include <algorithm>

#include "core/itl_nexus.h"
#include "device/disk/block_range.h"
#include "reactor/wait.h"

namespace tgt {
namespace {

// Written between two looks at whether to stop; what needs no bytes moved goes in larger steps.
constexpr std::uint64_t step_of_bytes = std::uint64_t{4} << 20;
constexpr std::uint64_t step_of_ranges = std::uint64_t{1} << 30;
constexpr Duration between_looks = 20ms;
constexpr Duration between_attempts = 20ms;

Sense failed(MediumWork::Kind kind) {
  return kind == MediumWork::Kind::format ? Sense::format_command_failed() : Sense::sanitize_command_failed();
}

SpoiltMedia::By spoilt_by(const MediumWork::Job& job) {
  if (job.kind == MediumWork::Kind::format) return SpoiltMedia::By::format;
  return job.may_leave_failure ? SpoiltMedia::By::sanitize_with_exit : SpoiltMedia::By::sanitize;
}

void fill(MutableBytes buffer, const std::vector<std::uint8_t>& pattern, std::uint32_t block, bool inverted) {
  const std::uint8_t mask = inverted ? 0xff : 0x00;
  for (std::size_t at = 0; at < buffer.size(); ++at) {
    buffer[at] = static_cast<std::uint8_t>(pattern[at % block % pattern.size()] ^ mask);
  }
}

}  // namespace

// What the command that began a job waits for. On the job's shard.
struct MediumWork::Outcome {
  Event ended;
  bool good = false;
};

std::optional<Sense> MediumWork::obstacle_of(std::uint32_t state) {
  const auto progress = static_cast<std::uint16_t>(state & 0xffff);
  switch (phase_of(state)) {
    case Phase::idle:
      return std::nullopt;
    case Phase::formatting:
      return Sense::format_in_progress(progress);
    case Phase::sanitizing:
      return Sense::sanitize_in_progress(progress);
    case Phase::format_failed:
      return Sense::medium_format_corrupted();
    case Phase::sanitize_failed:
      return Sense::sanitize_command_failed();
  }
  return std::nullopt;
}

std::optional<Sense> MediumWork::obstacle_to_all() const {
  const std::uint32_t state = state_.load(std::memory_order_acquire);
  return phase_of(state) == Phase::format_failed ? std::nullopt : obstacle_of(state);
}

std::optional<Sense> MediumWork::refuses(Kind kind) const {
  const std::uint32_t state = state_.load(std::memory_order_acquire);
  const Phase phase = phase_of(state);
  const bool mends = phase == Phase::format_failed || (phase == Phase::sanitize_failed && kind == Kind::sanitize);
  return mends ? std::nullopt : obstacle_of(state);
}

bool MediumWork::may_leave_failure() const {
  const bool spoilt = phase_of(state_.load(std::memory_order_acquire)) == Phase::sanitize_failed;
  return !spoilt || may_leave_failure_.load(std::memory_order_relaxed);
}

Task<bool> MediumWork::leave_failure(Shard& shard, std::string medium) {
  const bool spoilt = phase_of(state_.load(std::memory_order_acquire)) == Phase::sanitize_failed;
  if (!spoilt) co_return true;
  if (stopping_.load() || working_.exchange(true)) co_return false;
  const bool kept = co_await remember(shard, std::move(medium), std::nullopt);
  if (kept) state_.store(0, std::memory_order_release);
  end_working();
  co_return kept;
}

bool MediumWork::keep_in(std::unique_ptr<StateStore> store, std::optional<Bytes> saved_before,
                         const std::string& medium) {
  std::optional<SpoiltMedia> spoilt{std::in_place};
  if (saved_before) spoilt = SpoiltMedia::decode(*saved_before);
  if (!spoilt || obstacle() || working_.exchange(true)) return false;
  store_ = std::move(store);
  spoilt_ = std::move(*spoilt);
  medium_is(medium);
  end_working();
  return true;
}

void MediumWork::medium_is(const std::string& medium) {
  const auto spoilt = spoilt_.find(medium);
  Phase phase = Phase::idle;
  if (spoilt) phase = *spoilt == SpoiltMedia::By::format ? Phase::format_failed : Phase::sanitize_failed;
  may_leave_failure_.store(spoilt == SpoiltMedia::By::sanitize_with_exit, std::memory_order_relaxed);
  state_.store(state_of(phase, 0), std::memory_order_release);
}

Task<bool> MediumWork::remember(Shard& shard, std::string medium, std::optional<SpoiltMedia::By> spoilt) {
  if (medium.empty()) co_return true;  // it ends with the daemon
  if (!store_) co_return false;
  SpoiltMedia after = spoilt ? spoilt_.with(medium, *spoilt) : spoilt_.without(medium);
  const bool safe = co_await store_->save(shard, after.encode());
  if (safe) spoilt_ = std::move(after);
  co_return safe;
}

bool MediumWork::begin(const Job& job) {
  const bool loosens = job.may_leave_failure && !may_leave_failure();
  return !loosens && !refuses(job.kind) && !stopping_.load() && !working_.exchange(true);
}

void MediumWork::end_working() {
  working_.store(false);
  ended_.ring();
}

void MediumWork::advance(Kind kind, std::uint64_t done, std::uint64_t total) {
  const double part = static_cast<double>(done) / static_cast<double>(total);
  const auto progress = static_cast<std::uint16_t>(std::min(part * 65536.0, 65535.0));
  const Phase phase = kind == Kind::format ? Phase::formatting : Phase::sanitizing;
  state_.store(state_of(phase, progress), std::memory_order_release);
}

void MediumWork::finish(const Job& job, bool good) {
  const Phase spoilt = job.kind == Kind::format ? Phase::format_failed : Phase::sanitize_failed;
  may_leave_failure_.store(job.may_leave_failure, std::memory_order_relaxed);
  state_.store(state_of(good ? Phase::idle : spoilt, 0), std::memory_order_release);
}

// A step that only memory was missing for, or a turn, is done again: the medium would stay spoilt for a moment's sake.
template <class Step>
Task<bool> MediumWork::insist(Shard& shard, Step step) {
  for (;;) {
    if (stopping_.load()) co_return false;
    const auto done = co_await step();
    if (done) co_return true;
    const IoFault::Kind kind = done.error().kind;
    if (kind != IoFault::Kind::no_resources && kind != IoFault::Kind::busy) co_return false;
    co_await shard.sleep(between_attempts);
  }
}

// For a step, or for a smaller one when memory is short, down to one block. None: the disk is closed.
Task<Buffer> MediumWork::buffer_for(const Disk& disk, Shard& shard) {
  const std::uint32_t block = disk.block_size().bytes();
  const std::uint64_t size = disk.capacity().value << disk.block_size().exponent;
  while (!stopping_.load()) {
    for (std::uint64_t length = std::min(size, step_of_bytes); length >= block; length /= 2) {
      Buffer buffer = shard.buffers().allocate(static_cast<std::size_t>(length));
      if (buffer) co_return std::move(buffer);
    }
    co_await shard.sleep(between_attempts);
  }
  co_return Buffer();
}

Task<bool> MediumWork::write_everything(Disk& disk, Shard& shard, const Job& job) {
  const std::uint64_t size = disk.capacity().value << disk.block_size().exponent;
  const std::uint64_t of = job.passes * size + (job.certify ? size : 0);
  for (unsigned pass = 0; pass < job.passes; ++pass) {
    // The last one leaves the pattern as it is (SBC-4, 5.34).
    const bool inverted = job.invert_between_passes && (job.passes - 1 - pass) % 2 != 0;
    const bool written =
        co_await write_pass(disk, shard, job, {.inverted = inverted, .done_before = pass * size, .of = of});
    if (!written) co_return false;
    // Each pass reaches the medium: in a cache one would just take the place of the other.
    const bool flushed = co_await insist(shard, [&] { return disk.store().flush(shard); });
    if (!flushed) co_return false;
  }
  co_return true;
}

Task<bool> MediumWork::write_pass(Disk& disk, Shard& shard, const Job& job, Pass pass) {
  BlockStore& store = disk.store_to_change({LogicalBlockAddress(0), disk.capacity()});
  const std::uint64_t size = disk.capacity().value << disk.block_size().exponent;
  const bool discards = job.pattern.empty() && job.give_space_back && store.can_discard();
  std::uint64_t most = discards ? step_of_ranges : step_of_bytes;
  Buffer buffer;
  if (!job.pattern.empty()) {
    buffer = co_await buffer_for(disk, shard);
    if (!buffer) co_return false;
    fill(buffer.all(), job.pattern, disk.block_size().bytes(), pass.inverted);
    most = std::min<std::uint64_t>(most, buffer.capacity());
  }
  for (std::uint64_t done = 0; done < size;) {
    co_await shard.sleep(1ms);  // others of this shard have their turn
    const std::uint64_t length = std::min(size - done, most);
    const bool written = co_await insist(shard, [&] {
      if (buffer) return store.write_all(shard, buffer.first(static_cast<std::size_t>(length)), done);
      return discards ? store.discard(shard, done, length) : store.write_zeros(shard, done, length);
    });
    if (!written) co_return false;
    done += length;
    advance(job.kind, pass.done_before + done, pass.of);
  }
  co_return true;
}

Task<bool> MediumWork::read_everything(Disk& disk, Shard& shard, const Job& job) {
  const std::uint64_t size = disk.capacity().value << disk.block_size().exponent;
  const Buffer buffer = co_await buffer_for(disk, shard);
  if (!buffer) co_return false;
  for (std::uint64_t done = 0; done < size;) {
    co_await shard.sleep(1ms);
    const std::uint64_t length = std::min<std::uint64_t>(size - done, buffer.capacity());
    const bool read = co_await insist(
        shard, [&] { return disk.store().read_all(shard, buffer.first(static_cast<std::size_t>(length)), done); });
    if (!read) co_return false;
    done += length;
    advance(job.kind, job.passes * size + done, job.passes * size + size);
  }
  co_return true;
}

Task<void> MediumWork::perform(Disk& disk, Shard& shard, std::shared_ptr<LogicalUnit> keep, Job job,
                               std::shared_ptr<Outcome> outcome) {
  MediumWork& work = disk.medium_work();
  bool good = co_await work.write_everything(disk, shard, job);
  if (good && job.certify) good = co_await work.read_everything(disk, shard, job);
  // What a restart would find is what is told now.
  if (good) good = co_await work.remember(shard, disk.medium_name(), std::nullopt);
  work.finish(job, good);
  outcome->good = good;
  work.end_working();  // before the answer: whoever has it may ask for the next job
  outcome->ended.set();
  keep.reset();
}

Task<Reply> MediumWork::run(Disk& disk, Command& command, Job job, bool immediate) {
  MediumWork& work = disk.medium_work();
  if (!work.begin(job)) {
    const auto reason = disk.not_ready();
    co_return Reply::check_condition(reason.value_or(Sense::aborted_command()));
  }
  const Kind kind = job.kind;
  Shard& shard = command.shard();
  const bool kept = co_await work.remember(shard, disk.medium_name(), spoilt_by(job));
  if (!kept) {
    work.end_working();
    co_return Reply::check_condition(Sense::internal_target_failure());
  }
  work.advance(kind, 0, 1);
  const std::shared_ptr<LogicalUnit> unit = command.itl().shared_unit();
  unit->begin_generation();  // a copy that has been here would find its work undone, or go on with what is no more
  const auto outcome = std::make_shared<Outcome>();
  spawn(perform(disk, shard, unit, std::move(job), outcome));
  if (immediate) co_return Reply::good();
  unit->task_set().leave_order(command);
  while (!outcome->ended.is_set() && !command.abort_requested()) {
    const bool ended = co_await wait_until(shard, outcome->ended, shard.now() + between_looks);
    static_cast<void>(ended);
  }
  if (!outcome->ended.is_set()) co_return Reply::check_condition(Sense::aborted_command());
  co_return outcome->good ? Reply::good() : Reply::check_condition(failed(kind));
}

Task<void> MediumWork::end(Shard& shard) {
  stopping_.store(true);
  for (;;) {
    Bell::Waiter waiter(ended_, shard);
    if (!working_.load()) break;
    co_await waiter.rung();
  }
  store_.reset();
}

}  // namespace tgt
