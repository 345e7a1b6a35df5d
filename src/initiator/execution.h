// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <coroutine>
#include <cstdint>

#include "initiator/scsi_request.h"
#include "initiator/scsi_result.h"
#include "reactor/shard.h"

namespace tgt {

class InitiatorPort;

// One request on its way through an initiator port, living in the frame of the task that awaits it:
//
//   Execution execution(port, shard, request);
//   co_await execution;
//   if (execution.result().good()) ...
//
// Nothing is allocated and nothing copied for it. It stays where it is until the result is there, even when nobody is
// interested in the result any more: until then the operating system may still write into the request's data.
class Execution {
 public:
  Execution(InitiatorPort& port, Shard& shard, const ScsiRequest& request)
      : port_(port), shard_(shard), request_(request) {}
  Execution(const Execution&) = delete;
  Execution& operator=(const Execution&) = delete;

  bool await_ready() const noexcept { return false; }
  void await_suspend(std::coroutine_handle<> waiting);
  void await_resume() const noexcept {}

  // Takes the request back if it still waits in the port's own queue: it then ends with Fault::dropped. What the
  // operating system already has goes on and ends as it ends. On the task's shard, while it is awaited.
  void drop();

  const ScsiRequest& request() const { return request_; }
  ScsiResult& result() { return result_; }
  Shard& shard() const { return shard_; }

  // --- For ports.
  // The result is set: let the task go on. From any thread; the execution may be destroyed before this returns.
  void complete();
  enum class Place : std::uint8_t { outside, queued, in_flight };
  Place place = Place::outside;
  Execution* next = nullptr;
  Execution* previous = nullptr;
  struct Message : PostedWork {
    Execution* execution = nullptr;
    void* context = nullptr;  // the port's
  };
  Message arrival;  // free for the port, to hand the execution to its own shard
  // Ports that have other threads post this to them; settle_drop() gives it back. On the port's own thread.
  Message removal;
  void settle_drop();

 private:
  void resume_if_settled();

  InitiatorPort& port_;
  Shard& shard_;
  ScsiRequest request_;
  ScsiResult result_;
  std::coroutine_handle<> waiting_{};
  bool completed_ = false;  // on shard_, as the next two
  bool drop_requested_ = false;
  bool drop_under_way_ = false;  // the removal message is at the port: the frame must not go yet
  Message completion_;
  Message drop_settled_;
};

// Executions in order of arrival. Linked through the executions themselves.
class ExecutionQueue {
 public:
  bool empty() const { return first_ == nullptr; }
  std::size_t size() const { return size_; }
  Execution* front() const { return first_; }
  void push_back(Execution& execution);
  void push_front(Execution& execution);
  void remove(Execution& execution);
  Execution* pop_front();

 private:
  Execution* first_ = nullptr;
  Execution* last_ = nullptr;
  std::size_t size_ = 0;
};

}  // namespace tgt
