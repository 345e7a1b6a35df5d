// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>

#include "base/big_endian.h"
#include "base/result.h"
#include "core/reply.h"
#include "reactor/shard.h"
#include "scsi/cdb.h"
#include "scsi/task_attribute.h"

namespace tgt {

class ItlNexus;
class Nexus;

// The tag by which an initiator names a task to abort (iSCSI: the Initiator Task Tag).
struct TaskTag {
  std::uint64_t value = 0;
  friend constexpr auto operator<=>(TaskTag, TaskTag) = default;
};

// How many bytes the initiator is ready to send or receive for a command (iSCSI: Expected Data Transfer Length).
struct ExpectedLength {
  std::uint32_t bytes = 0;
};

// What was not transferred of what was expected (underflow), or would have been beyond it (overflow).
struct Residual {
  enum class Kind : std::uint8_t { none, underflow, overflow };
  Kind kind = Kind::none;
  std::uint32_t bytes = 0;
};

// One SCSI task (SAM-6), from its arrival to its response. Made by a transport on the shard of its connection and never
// leaves it; the transport destroys it after TaskRouter::execute() has returned.
class Command {
 public:
  struct Request {
    be64 lun{};  // as it came over the wire
    TaskTag tag{};
    TaskAttribute attribute = TaskAttribute::simple;
    Cdb cdb{};
    ExpectedLength expected_data_in{};
    ExpectedLength expected_data_out{};
  };
  Command(Shard& shard, Nexus& nexus, const Request& request) : shard_(shard), nexus_(nexus), request_(request) {}
  Command(const Command&) = delete;
  Command& operator=(const Command&) = delete;

  Shard& shard() const { return shard_; }
  Nexus& nexus() const { return nexus_; }
  // The logical unit's view of this initiator; set by the router before the device server sees the command.
  ItlNexus& itl() const { return *itl_; }
  const Request& request() const { return request_; }
  const Cdb& cdb() const { return request_.cdb; }
  std::uint64_t operator[](Field field) const { return request_.cdb[field]; }

  // For device servers: the first `length` bytes of Data-Out, all of them, once they are here. `length` is what the CDB
  // says. Refused when the initiator announced fewer bytes than that, or when the task was aborted meanwhile. The bytes
  // live as long as the command; a second call with the same or a smaller length gives them again.
  Task<Result<MutableBytes, Sense>> data_out(std::uint64_t length);
  // For commands whose parameter list may be shorter than allowed: as much of `length` as the initiator announced.
  Task<Result<MutableBytes, Sense>> parameter_list(std::uint64_t length);

  // Data-In memory from the shard's pool, or the sense to refuse with when there is none.
  Result<Buffer, Sense> allocate_data_in(std::size_t length);

  // A TMF wants this task gone; long handlers may look and return early (their reply is not sent).
  bool abort_requested() const { return abort_requested_; }

  // The reply as it goes out, valid after TaskRouter::execute(): `reply().data_length` is what is to be sent.
  Reply& reply() { return reply_; }
  Residual residual() const { return residual_; }

 protected:
  ~Command() = default;

  // For the transport: bring in the first `length` (<= expected_data_out) bytes of Data-Out. False when that will never
  // be: aborted (wake_data_out() was called) or the connection is lost.
  virtual Task<bool> fetch_data_out(std::uint32_t length) = 0;
  // Where fetch_data_out() has put them.
  virtual MutableBytes fetched_data_out() = 0;
  // Ends a fetch_data_out() that waits, because of an abort. Own shard.
  virtual void abandon_data_out() = 0;

 private:
  friend class TaskRouter;
  friend class TaskSet;

  Shard& shard_;
  Nexus& nexus_;
  ItlNexus* itl_ = nullptr;
  Request request_;
  Reply reply_;
  Residual residual_;
  std::uint64_t wanted_data_out_ = 0;  // what the device server asked for
  bool abort_requested_ = false;

  // The task set's; guarded as task_set.h says.
  enum class State : std::uint8_t { received, dormant, enabled, ended };
  State state_ = State::received;
  bool reports_task_aborted_ = false;  // TAS: answer with TASK ABORTED status instead of silence
  Command* next_ = nullptr;
  Command* previous_ = nullptr;
  std::coroutine_handle<> admission_{};
};

}  // namespace tgt
