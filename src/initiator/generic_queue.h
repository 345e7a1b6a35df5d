// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <atomic>
#include <functional>
#include <memory>
#include <vector>

#include "base/log.h"
#include "initiator/execution.h"
#include "initiator/generic_node.h"
#include "reactor/blocking_pool.h"
#include "reactor/gate.h"
#include "reactor/shard.h"

namespace tgt {

// Feeds a device through its generic nodes, in order and never deeper than the device's queue. What is beyond that
// waits here, where it can still be taken back: a command that the kernel has can not be, and one that the kernel has
// queued behind others would survive a reset of the device and be executed after it.
//
// Lives on the device shard, where calls may sleep.
class GenericQueue {
 public:
  struct Settings {
    std::function<std::uint32_t()> current_depth;  // asked now and then: the kernel changes it
    std::string name;                              // for log lines
  };
  GenericQueue(Shard& shard, std::vector<std::unique_ptr<GenericNode>> nodes, Settings settings, Log log);
  ~GenericQueue();
  GenericQueue(const GenericQueue&) = delete;
  GenericQueue& operator=(const GenericQueue&) = delete;

  void submit(Execution& execution);
  void drop(Execution& execution);
  // Starts to listen for what comes back.
  void start();
  // Ends the listening; to be awaited before destruction.
  Task<void> stop();

  // From any thread.
  bool gone() const { return gone_.load(std::memory_order_acquire); }
  std::uint32_t in_flight() const { return in_flight_.load(std::memory_order_acquire); }
  std::uint32_t depth() const { return depth_.load(std::memory_order_relaxed); }

 private:
  // A place in the kernel's queue. The kernel is given pointers to the header and the sense buffer here, to the
  // execution's CDB and to its data, and to nothing else; a slot is taken again only after its command came back.
  struct Slot : BlockingWork {
    GenericQueue* queue = nullptr;
    std::uint32_t index = 0;
    std::uint32_t node = 0;
    Execution* execution = nullptr;
    sg::Header header;
    bool failed = false;
    int error_number = 0;
    std::array<std::uint8_t, SenseData::longest> sense;
  };
  enum class Started : std::uint8_t { yes, ended, later };

  Task<void> listen(std::uint32_t node);
  // The kernel still writes into memory of commands of this node, so that they cannot end before it says so.
  bool holds_memory(std::uint32_t node) const { return busy_[node] != 0 && nodes_[node]->lends_memory(); }
  bool collect(std::uint32_t node);
  void pump();
  Started start(Execution& execution);
  Slot* free_slot();
  void fill(Slot& slot, const ScsiRequest& request);
  Started start_refused(Slot& slot, const IoError& error);
  void start_blocking(Slot& slot);
  void run_blocking(Slot& slot);
  void finish_blocking(Slot& slot);
  void finish(Slot& slot, const sg::Header& header);
  void finish_refused(Slot& slot, const IoError& error);
  void end(Slot& slot, const ScsiResult& result);
  void end_unsent(Execution& execution, ScsiResult::Fault fault);
  void device_gone(const char* how);
  void refresh_depth();

  Shard& shard_;
  std::vector<std::unique_ptr<GenericNode>> nodes_;
  std::vector<std::uint32_t> busy_;  // commands in flight, of each node
  Settings settings_;
  Log log_;
  ExecutionQueue waiting_;
  std::vector<std::unique_ptr<Slot>> slots_;
  std::vector<std::uint32_t> free_;
  std::atomic<std::uint32_t> in_flight_{0};
  std::atomic<std::uint32_t> depth_{1};
  std::atomic<bool> gone_{false};
  TimePoint depth_read_{};
  Gate listeners_;
  bool pumping_ = false;
  bool can_prefill_ = true;  // ScsiRequest::keep_unfilled_bytes; not all kernels can
  // Where write() is refused because the process changed its credentials after open(), each command is one SG_IO call
  // on a thread of this pool.
  std::unique_ptr<BlockingPool> blocking_;
};

}  // namespace tgt
