// SPDX-License-Identifier: Apache-2.0
#include "initiator/generic_queue.h"

#include <algorithm>
#include <cerrno>
#include <limits>

namespace tgt {
namespace {

using Fault = ScsiResult::Fault;

// How often a busy queue looks whether the kernel has changed the device's depth.
constexpr Duration depth_age = 1s;
// Threads for SG_IO, and so the depth where nothing better is to be had.
constexpr std::uint32_t most_blocking = 8;
// Before a descriptor whose wait fails is looked at again, because its commands are still the kernel's.
constexpr Duration pause_after_fault = 100ms;
// Wake-ups of a descriptor without anything to collect, after which it is broken.
constexpr unsigned most_empty_wakeups = 1000;

Fault fault_of(const IoError& error) {
  switch (error.number()) {
    case ENODEV:
      return Fault::gone;
    case ENXIO:
      return Fault::offline;
    case EPERM:
    case EACCES:
      return Fault::not_permitted;
    case EMSGSIZE:
      return Fault::cdb_refused;
    case EINVAL:
    case EIO:
      return Fault::transfer_refused;
    case ENOMEM:
    case EAGAIN:
    case EDOM:
    case EBUSY:
      return Fault::no_resources;
    default:
      return Fault::other;
  }
}

std::int32_t direction_of(const ScsiRequest& request, bool can_prefill) {
  if (request.data.empty()) return sg::no_transfer;
  switch (request.direction) {
    case DataDirection::none:
      return sg::no_transfer;
    case DataDirection::data_out:
      return sg::to_device;
    case DataDirection::data_in:
      return request.keep_unfilled_bytes && can_prefill ? sg::to_from_device : sg::from_device;
  }
  return sg::no_transfer;
}

template <class T>
T clamped(std::uint64_t value) {
  return static_cast<T>(std::min<std::uint64_t>(value, std::numeric_limits<T>::max()));
}

}  // namespace

GenericQueue::GenericQueue(Shard& shard, std::vector<std::unique_ptr<GenericNode>> nodes, Settings settings, Log log)
    : shard_(shard),
      nodes_(std::move(nodes)),
      busy_(nodes_.size()),
      settings_(std::move(settings)),
      log_(std::move(log)) {
  std::uint32_t slots = 0;
  for (const auto& node : nodes_) slots += node->capacity();
  for (std::uint32_t index = 0; index < slots; ++index) {
    slots_.push_back(std::make_unique<Slot>());
    slots_.back()->queue = this;
    slots_.back()->index = index;
    free_.push_back(slots - 1 - index);
  }
  refresh_depth();
}

GenericQueue::~GenericQueue() {
  // What is still stuck in the kernel there is left behind; whoever closes a port has waited before.
  if (blocking_ != nullptr) blocking_->end(0s);
}

void GenericQueue::start() {
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) spawn(listen(node));
}

Task<void> GenericQueue::stop() {
  for (const auto& node : nodes_) node->cancel_wait();
  co_await listeners_.close();
}

void GenericQueue::submit(Execution& execution) {
  if (gone()) return end_unsent(execution, Fault::gone);
  if (execution.request().cdb.length() > sg::longest_cdb) return end_unsent(execution, Fault::cdb_refused);
  execution.place = Execution::Place::queued;
  waiting_.push_back(execution);
  pump();
}

void GenericQueue::drop(Execution& execution) {
  if (execution.place == Execution::Place::queued) {
    waiting_.remove(execution);
    end_unsent(execution, Fault::dropped);
  }
  execution.settle_drop();
}

// --- Towards the device

void GenericQueue::pump() {
  if (pumping_) return;
  pumping_ = true;
  if (!waiting_.empty()) refresh_depth();
  while (!waiting_.empty() && !gone() && in_flight() < depth()) {
    Execution& execution = *waiting_.pop_front();
    if (start(execution) == Started::later) {
      waiting_.push_front(execution);
      break;
    }
  }
  pumping_ = false;
}

GenericQueue::Started GenericQueue::start(Execution& execution) {
  Slot* slot = free_slot();
  if (slot == nullptr) return Started::later;
  slot->execution = &execution;
  fill(*slot, execution.request());
  if (blocking_ != nullptr) {
    start_blocking(*slot);
    return Started::yes;
  }
  auto started = nodes_[slot->node]->start(slot->header);
  if (!started) return start_refused(*slot, started.error());
  execution.place = Execution::Place::in_flight;
  ++busy_[slot->node];
  in_flight_.fetch_add(1, std::memory_order_acq_rel);
  return Started::yes;
}

// On the descriptor with the most room, so that each stays below its limit.
GenericQueue::Slot* GenericQueue::free_slot() {
  std::uint32_t most_room = 0;
  std::uint32_t roomiest = 0;
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    const std::uint32_t room = nodes_[node]->capacity() - busy_[node];
    if (room > most_room) {
      most_room = room;
      roomiest = node;
    }
  }
  if (free_.empty() || most_room == 0) return nullptr;
  Slot& slot = *slots_[free_.back()];
  free_.pop_back();
  slot.node = roomiest;
  return &slot;
}

void GenericQueue::fill(Slot& slot, const ScsiRequest& request) {
  const auto timeout = std::max<std::int64_t>(request.timeout.count(), 1);  // 0 would be the kernel's own default
  slot.header = {};
  slot.header.transfer_direction = direction_of(request, can_prefill_);
  slot.header.cdb_length = static_cast<std::uint8_t>(request.cdb.length());
  slot.header.cdb = request.cdb.bytes().data();
  slot.header.longest_sense = static_cast<std::uint8_t>(slot.sense.size());
  slot.header.sense = slot.sense.data();
  if (slot.header.transfer_direction != sg::no_transfer) {
    slot.header.transfer_length = clamped<std::uint32_t>(request.data.size());
    slot.header.data = request.data.data();
  }
  slot.header.timeout_milliseconds = clamped<std::uint32_t>(static_cast<std::uint64_t>(timeout));
  slot.header.flags = sg::flag_queue_at_tail;
  slot.header.pack_id = static_cast<std::int32_t>(slot.index);
}

GenericQueue::Started GenericQueue::start_refused(Slot& slot, const IoError& error) {
  Execution& execution = *slot.execution;
  slot.execution = nullptr;
  free_.push_back(slot.index);
  const Fault fault = fault_of(error);
  // Linux 6.1 to 6.3 cannot fill its buffer from ours first, and says EINVAL, ENOMEM or EFAULT, as it falls.
  const bool prefilled = slot.header.transfer_direction == sg::to_from_device;
  if (prefilled && (error.number() == EINVAL || error.number() == ENOMEM || error.number() == EFAULT)) {
    can_prefill_ = false;
    return start(execution);
  }
  // A descriptor that is full: something is in flight, whose return lets us go on.
  if (error.number() == EDOM && in_flight() > 0) return Started::later;
  if (fault == Fault::not_permitted) {
    log_.warning(
        "{}: write() is refused ({}), because this process changed its credentials after it opened the device; "
        "going on with SG_IO calls on threads",
        settings_.name, error.text());
    blocking_ = std::make_unique<BlockingPool>(most_blocking);
    depth_read_ = {};
    refresh_depth();
    return start(execution);
  }
  if (fault == Fault::gone) device_gone("write() says that it is no more");
  log_.debug("{}: write() refused a command: {}", settings_.name, error.text());
  end_unsent(execution, fault);
  return Started::ended;
}

// --- Back from the device

Task<void> GenericQueue::listen(std::uint32_t node) {
  const Gate::Pass pass = listeners_.enter();
  unsigned empty_wakeups = 0;
  while (!listeners_.closing() && (!gone() || holds_memory(node))) {
    auto ready = co_await nodes_[node]->wait();
    const bool came = collect(node);
    empty_wakeups = came ? 0 : empty_wakeups + 1;
    if (!ready && ready.error().kind() == IoError::Kind::cancelled) break;
    if (!ready) device_gone("it hung up");
    if (empty_wakeups > most_empty_wakeups) device_gone("its node is ready for ever with nothing to read");
    pump();
    if (gone() && !came && holds_memory(node)) co_await shard_.sleep(pause_after_fault);
  }
}

// Takes everything that has come back; false when there was nothing.
bool GenericQueue::collect(std::uint32_t node) {
  bool any = false;
  while (!gone() || holds_memory(node)) {
    auto finished = nodes_[node]->finish();
    if (!finished) {
      if (finished.error().kind() == IoError::Kind::no_device) device_gone("read() says that it is no more");
      break;
    }
    const auto index = static_cast<std::uint32_t>(finished->header.pack_id);
    if (index >= slots_.size() || slots_[index]->execution == nullptr) {
      log_.warning("{}: the kernel returned a command that nobody sent (id {})", settings_.name,
                   finished->header.pack_id);
      continue;
    }
    any = true;
    if (finished->error_number == 0) {
      finish(*slots_[index], finished->header);
    } else {
      finish_refused(*slots_[index], IoError::from_errno(finished->error_number));
    }
  }
  return any;
}

void GenericQueue::finish(Slot& slot, const sg::Header& header) {
  ScsiResult result;
  result.sent = true;
  result.requested = slot.header.transfer_length;
  // Host bytes beyond eight bits do not exist; what would not fit must not look like success.
  result.host_status = static_cast<HostStatus>(clamped<std::uint8_t>(header.host_status));
  result.driver_status = static_cast<DriverStatus>(header.driver_status & 0x0f);  // the rest: hints of old kernels
  result.status = static_cast<Status>(header.status);
  result.residual = static_cast<std::uint32_t>(std::max(header.residual, 0));
  // A sense buffer that holds something says nothing when the status is not CHECK CONDITION.
  if (result.status == Status::check_condition) {
    const std::size_t length = std::min<std::size_t>(header.sense_length, slot.sense.size());
    result.sense = SenseData::from_device(Bytes(slot.sense).first(length));
  }
  end(slot, result);
}

// What start() would have said, had the driver looked at once. Faults that are met with the command under way, such as
// sense that cannot be stored, are among `other`: that the device has not seen it is not claimed of them.
void GenericQueue::finish_refused(Slot& slot, const IoError& error) {
  const Fault fault = fault_of(error);
  log_.debug("{}: the driver refused a command: {}", settings_.name, error.text());
  ScsiResult result = ScsiResult::failed(fault, fault == Fault::other);
  result.requested = slot.header.transfer_length;
  result.residual = result.requested;
  end(slot, result);
  if (fault == Fault::gone) device_gone("its driver says that it is no more");
}

void GenericQueue::end(Slot& slot, const ScsiResult& result) {
  Execution& execution = *slot.execution;
  slot.execution = nullptr;
  --busy_[slot.node];
  free_.push_back(slot.index);
  in_flight_.fetch_sub(1, std::memory_order_acq_rel);
  execution.place = Execution::Place::outside;
  execution.result() = result;
  execution.complete();
}

void GenericQueue::end_unsent(Execution& execution, Fault fault) {
  execution.place = Execution::Place::outside;
  const std::uint32_t requested = execution.result().requested;
  execution.result() = ScsiResult::failed(fault, false);
  execution.result().requested = requested;
  execution.result().residual = requested;
  execution.complete();
}

// What waits ends now. So does what the kernel still has but keeps in memory of its own (sg copies when we read):
// nobody waits for a device that is not there. What it has in the callers' memory ends when it gives it back, as it
// does with all commands of a device that it removes.
void GenericQueue::device_gone(const char* how) {
  if (gone_.exchange(true, std::memory_order_acq_rel)) return;
  log_.error("{}: the device was removed ({}) with {} commands in flight and {} waiting", settings_.name, how,
             in_flight(), waiting_.size());
  for (const auto& slot : slots_) {
    // A blocking call comes back by itself, and writes into the caller's memory until then.
    if (slot->execution == nullptr || blocking_ != nullptr || nodes_[slot->node]->lends_memory()) continue;
    ScsiResult result = ScsiResult::failed(Fault::gone, true);
    result.requested = slot->header.transfer_length;
    result.residual = result.requested;
    end(*slot, result);
  }
  while (Execution* execution = waiting_.pop_front()) end_unsent(*execution, Fault::gone);
  for (std::uint32_t node = 0; node < nodes_.size(); ++node) {
    if (!holds_memory(node)) nodes_[node]->cancel_wait();
  }
}

void GenericQueue::refresh_depth() {
  if (depth_read_ != TimePoint() && shard_.now() - depth_read_ < depth_age) return;
  depth_read_ = shard_.now();
  const auto most = blocking_ != nullptr ? most_blocking : std::max(static_cast<std::uint32_t>(slots_.size()), 1U);
  depth_.store(std::clamp<std::uint32_t>(settings_.current_depth(), 1, most), std::memory_order_relaxed);
}

// --- One blocking call a command

void GenericQueue::start_blocking(Slot& slot) {
  slot.execution->place = Execution::Place::in_flight;
  ++busy_[slot.node];
  in_flight_.fetch_add(1, std::memory_order_acq_rel);
  slot.run = [](PostedWork& work) {
    Slot& self = static_cast<Slot&>(work);
    self.queue->run_blocking(self);
  };
  blocking_->submit(slot);
}

// On a thread of the pool.
void GenericQueue::run_blocking(Slot& slot) {
  // Not tried again after EINTR: the command goes on in the device, and would be done twice.
  auto result = nodes_[slot.node]->control(sg::io, &slot.header);
  slot.failed = !result;
  slot.error_number = result ? 0 : result.error().number();
  slot.run = [](PostedWork& work) {
    Slot& self = static_cast<Slot&>(work);
    self.queue->finish_blocking(self);
  };
  shard_.post(slot);
}

void GenericQueue::finish_blocking(Slot& slot) {
  if (!slot.failed) {
    finish(slot, slot.header);
    return pump();
  }
  const Fault fault = fault_of(IoError::from_errno(slot.error_number));
  ScsiResult result = ScsiResult::failed(fault, fault == Fault::gone || fault == Fault::other);
  result.requested = slot.header.transfer_length;
  result.residual = result.requested;
  end(slot, result);
  if (fault == Fault::gone) device_gone("SG_IO says that it is no more");
  pump();
}

}  // namespace tgt
