// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <atomic>
#include <cstdint>

#include "base/big_endian.h"
#include "base/result.h"
#include "core/reply.h"
#include "core/task_list.h"
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
  // A part of a task that runs already: a read or write of another logical unit (or of its own) that its handler needs,
  // such as a copy's. It enters the task set of `there` on its own, past the tasks that may be waiting for that one,
  // leaves unit attentions to the initiator, and is wanted gone as soon as the whole is. It is refused when `there` has
  // another generation by then: the whole was not found by what changed it. `there` outlives it. A whole has one part
  // at a time.
  Command(Command& whole, ItlNexus& there, std::uint32_t generation, const Request& request)
      : shard_(whole.shard_),
        nexus_(whole.nexus_),
        itl_(&there),
        request_(request),
        whole_(&whole),
        generation_(generation) {
    whole.part_ = this;
  }
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
  // The same for a parameter list, whose length the CDB says: one that was cut short is not a list of fewer things.
  Task<Result<MutableBytes, Sense>> parameter_list(std::uint64_t length);
  // Where less is good too: as much of `length` as the initiator announced.
  Task<Result<MutableBytes, Sense>> announced_data_out(std::uint64_t length);

  // Data-In memory from the nexus's share of its shard's pool, or the sense to refuse with when there is none.
  Result<Buffer, Sense> allocate_data_in(std::size_t length);

  bool is_part() const { return whole_ != nullptr; }

  // Whether its checks are made and it may touch the medium, also where it waits for its Data-Out or for its turn after
  // that. On its shard, while the task set is frozen.
  bool has_begun() const { return state_ == State::enabled || in_device_; }

  // A TMF wants this task gone; long handlers may look and return early (their reply is not sent).
  bool abort_requested() const { return aborted_ || aborts_ != 0 || (is_part() && whole_->abort_requested()); }

  // The reply as it goes out, valid after TaskRouter::execute(): `reply().data_length` is what is to be sent.
  Reply& reply() { return reply_; }
  Residual residual() const { return residual_; }

 protected:
  ~Command() {
    if (is_part()) whole_->part_ = nullptr;
  }

  // For the transport: are the first `length` (<= expected_data_out) bytes of Data-Out here already?
  virtual bool has_data_out(std::uint32_t length) const = 0;
  // Bring in the first `length` (<= expected_data_out) bytes of Data-Out. False when that will never
  // be: aborted (abandon_data_out() was called) or the connection is lost.
  virtual Task<bool> fetch_data_out(std::uint32_t length) = 0;
  // Where fetch_data_out() has put them.
  virtual MutableBytes fetched_data_out() = 0;
  // Ends a fetch_data_out() that waits, because of an abort. Own shard.
  virtual void abandon_data_out() = 0;

 private:
  friend class TaskRouter;
  friend class TaskSet;
  friend class AbortGroup;
  friend class TaskOrder;

  // fetch_data_out() where that takes time. False also when an abort has ended the task on its way back.
  Task<bool> wait_for_data_out(std::uint32_t length);

  Shard& shard_;
  Nexus& nexus_;
  ItlNexus* itl_ = nullptr;
  Request request_;
  Reply reply_;
  Residual residual_;
  Command* const whole_ = nullptr;      // what it is a part of
  Command* part_ = nullptr;             // what it waits for in the task set of some logical unit
  const std::uint32_t generation_ = 0;  // of a part
  std::uint64_t wanted_data_out_ = 0;   // what the device server asked for
  std::uint64_t fetched_data_out_ = 0;
  bool fetching_ = false;     // waits in fetch_data_out()
  bool in_device_ = false;    // its handler runs
  bool aborted_ = false;      // for good: no reply is sent
  std::uint32_t aborts_ = 0;  // task management functions under way that want it gone

  // How it was admitted, which is how it has to be counted out again.
  enum class Standing : std::uint8_t { none, quiet, simple, aside, ordered, head_of_queue, part };
  // dormant and enabled change under the task set's lock; the rest is for the own shard.
  enum class State : std::uint8_t { received, dormant, enabled, cancelled };
  Standing standing_ = Standing::none;
  State state_ = State::received;
  bool alone_ = false;       // no other task may run beside it
  bool steps_back_ = false;  // while it waits for Data-Out
  bool ended_ = false;       // the handler is done; only the verdict on its abort is awaited
  bool released_ = false;    // on its way out
  TaskLink of_shard_;        // all tasks of this unit on this shard
  TaskLink of_queue_;        // dormant tasks of all shards, in order; under the task set's lock
  // Resumes the task where it waits: for admission or for a verdict. Always posted to the own shard.
  struct Wake : PostedWork {
    std::coroutine_handle<> task{};
  };
  Wake wake_;
};

}  // namespace tgt
