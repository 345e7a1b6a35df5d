// SPDX-License-Identifier: Apache-2.0
#include "device/disk/copy/copy_operations.h"

#include <algorithm>
#include "scsi/copy_sense.h"

namespace tgt {

Reply CopyOperations::reply_for(Refusal refusal) {
  if (refusal == Refusal::too_many) return Reply::with_status(Status::busy);
  return Reply::check_condition(copy_sense::operation_in_progress);
}

Result<CopyOperations::Ticket, CopyOperations::Refusal> CopyOperations::begin(const ItlNexus& itl,
                                                                              std::optional<std::uint32_t> identifier,
                                                                              Kind kind) {
  const LockGuard lock(mutex_);
  const Owner owner = owner_of(itl);
  const auto same = [&](const Entry& entry) {
    return identifier && entry.owner == owner && entry.identifier == identifier && !entry.forgotten;
  };
  const auto earlier = std::ranges::find_if(entries_, same);
  if (earlier != entries_.end() && earlier->operation.running) return failure(Refusal::identifier_in_use);
  const auto running = std::ranges::count_if(entries_, [](const Entry& entry) { return entry.operation.running; });
  if (static_cast<std::size_t>(running) >= most_running) return failure(Refusal::too_many);
  if (earlier != entries_.end()) entries_.erase(earlier);
  make_room(owner);
  const std::uint64_t serial = next_serial_++;
  entries_.push_back({.serial = serial, .owner = owner, .identifier = identifier, .operation = {.kind = kind}});
  return Ticket(*this, serial);
}

void CopyOperations::make_room(const Owner& owner) {
  const auto of_owner = [&](const Entry& entry) { return entry.owner == owner; };
  if (static_cast<std::size_t>(std::ranges::count_if(entries_, of_owner)) < most_remembered) return;
  const auto oldest =
      std::ranges::find_if(entries_, [&](const Entry& entry) { return of_owner(entry) && !entry.operation.running; });
  if (oldest != entries_.end()) entries_.erase(oldest);
}

std::optional<CopyOperations::Operation> CopyOperations::find(const ItlNexus& itl, std::uint32_t identifier) const {
  const LockGuard lock(mutex_);
  const Owner owner = owner_of(itl);
  for (const Entry& entry : entries_) {
    if (entry.owner == owner && entry.identifier == identifier && !entry.forgotten) return entry.operation;
  }
  return std::nullopt;
}

void CopyOperations::forget(const ItlNexus& itl) {
  const LockGuard lock(mutex_);
  const Owner owner = owner_of(itl);
  std::erase_if(entries_, [&](const Entry& entry) { return entry.owner == owner && !entry.operation.running; });
  for (Entry& entry : entries_) entry.forgotten = entry.forgotten || entry.owner == owner;
}

void CopyOperations::forget_all() {
  const LockGuard lock(mutex_);
  std::erase_if(entries_, [](const Entry& entry) { return !entry.operation.running; });
  for (Entry& entry : entries_) entry.forgotten = true;
}

CopyOperations::Entry* CopyOperations::with_serial(std::uint64_t serial) {
  const auto found = std::ranges::find(entries_, serial, &Entry::serial);
  return found == entries_.end() ? nullptr : &*found;
}

void CopyOperations::progress(std::uint64_t serial, std::uint64_t bytes_moved, std::size_t segments_processed) {
  const LockGuard lock(mutex_);
  Operation& operation = with_serial(serial)->operation;
  operation.bytes_moved = bytes_moved;
  operation.segments_processed = static_cast<std::uint16_t>(segments_processed);
}

void CopyOperations::end(std::uint64_t serial, Operation outcome) {
  const LockGuard lock(mutex_);
  Entry& entry = *with_serial(serial);
  Operation& operation = entry.operation;
  operation.running = false;
  operation.status = outcome.status;
  operation.sense = outcome.sense;
  operation.token = std::move(outcome.token);
  const bool is_of_use = entry.identifier && !entry.forgotten;
  if (!is_of_use) std::erase_if(entries_, [serial](const Entry& each) { return each.serial == serial; });
}

void CopyOperations::vanished(std::uint64_t serial) {
  const LockGuard lock(mutex_);
  std::erase_if(entries_, [serial](const Entry& entry) { return entry.serial == serial; });
}

}  // namespace tgt
