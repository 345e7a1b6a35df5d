// SPDX-License-Identifier: Apache-2.0
#include "core/command.h"

#include <algorithm>

#include "core/itl_nexus.h"
#include "core/logical_unit.h"
#include "core/nexus.h"
#include "core/refusals.h"

namespace tgt {

Task<Result<MutableBytes, Sense>> Command::data_out(std::uint64_t length) {
  wanted_data_out_ = std::max(wanted_data_out_, length);
  if (length > request_.expected_data_out.bytes) {
    co_return failure(Sense::invalid_field_in_command_information_unit());
  }
  if (abort_requested()) co_return failure(Sense::aborted_command());
  if (length == 0) co_return MutableBytes{};
  if (length > fetched_data_out_) {
    const auto bytes = static_cast<std::uint32_t>(length);
    const bool here = co_await (has_data_out(bytes) ? fetch_data_out(bytes) : wait_for_data_out(bytes));
    if (!here || abort_requested()) co_return failure(Sense::aborted_command());
    fetched_data_out_ = length;
  }
  co_return fetched_data_out().first(static_cast<std::size_t>(length));
}

// An initiator takes its time to send what it is asked for, and one that has crashed never does: others wait for its
// task only where order demands it.
Task<bool> Command::wait_for_data_out(std::uint32_t length) {
  TaskSet& task_set = itl_->unit().task_set();
  fetching_ = true;
  task_set.step_back(*this);
  const bool here = co_await fetch_data_out(length);
  fetching_ = false;
  if (!here || abort_requested()) co_return false;
  const TaskSet::Entry entry = task_set.come_back(*this);
  if (entry == TaskSet::Entry::dormant) co_await task_set.admission(*this);
  co_return state_ != State::cancelled;
}

Task<Result<MutableBytes, Sense>> Command::parameter_list(std::uint64_t length) {
  const auto list = co_await announced_data_out(length);
  if (list && list->size() != length) co_return failure(Sense::parameter_list_length_error());
  co_return list;
}

Task<Result<MutableBytes, Sense>> Command::announced_data_out(std::uint64_t length) {
  wanted_data_out_ = std::max(wanted_data_out_, length);
  return data_out(std::min<std::uint64_t>(length, request_.expected_data_out.bytes));
}

Result<Buffer, Sense> Command::allocate_data_in(std::size_t length) {
  if (length == 0) return Buffer();
  if (length > BufferPool::largest) return failure(Sense::invalid_field_in_cdb());
  Buffer buffer = nexus_.buffers().allocate(length);
  if (!buffer) return failure(refusal::insufficient_resources);
  return buffer;
}

}  // namespace tgt
