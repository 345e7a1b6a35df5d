// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "reactor/gate.h"
#include "reactor/shard.h"
#include "reactor/socket.h"
#include "reactor/timer.h"
#include "transport/iscsi/command_pool.h"
#include "transport/iscsi/command_window.h"
#include "transport/iscsi/negotiation.h"
#include "transport/iscsi/outgoing.h"
#include "transport/iscsi/pdu_batch.h"

namespace tgt {

// Sends what a connection has to say: everything that is ready at the end of a turn of the loop leaves in one gathered
// send. PDUs are made here, in the order of the queue, when their turn comes; so StatSN, ExpCmdSN and MaxCmdSN are
// those of the moment.
class PduSender {
 public:
  class Owner {
   public:
    // The sender is done with it: sent, or given up because the connection is lost.
    virtual void sent(Outgoing& outgoing) = 0;
    // The queue is empty.
    virtual void drained() = 0;
    // Nothing can be sent any more.
    virtual void connection_lost() = 0;

   protected:
    ~Owner() = default;
  };
  struct Setup {
    Shard& shard;
    Socket& socket;
    Gate& gate;  // entered while something is under way
    Owner& owner;
    const IscsiSessionParameters& parameters;
    std::uint32_t max_xmit_data_segment_length;
    CommandWindow& window;
    CommandPool& commands;
    std::uint32_t next_stat_sn;
  };
  explicit PduSender(const Setup& setup);
  PduSender(const PduSender&) = delete;
  PduSender& operator=(const PduSender&) = delete;

  // Not while it is queued already.
  void queue(Outgoing& outgoing);
  bool idle() const { return first_ == nullptr && !sending_; }
  // Gives everything in the queue back to the owner; what is queued later as well.
  void give_up();

 private:
  // A peer that takes nothing for so long is gone.
  static constexpr Duration stall_limit = 60s;

  struct EndOfTurn : PostedWork {
    PduSender* sender = nullptr;
  };
  void schedule();
  Task<void> send_batch(Gate::Pass pass);
  void fill_batch();
  bool add(Outgoing& outgoing);
  bool add_command(IscsiCommand& command);
  bool add_ready_to_transfers(IscsiCommand& command);
  bool add_data_in(IscsiCommand& command);
  void add_response(IscsiCommand& command);
  void add_small(SmallPdu& pdu);
  void answered(const IscsiCommand& command);
  template <class Header>
  void stamp(Header& header) const;
  void release(Outgoing*& list);
  static void stalled(void* self);

  Setup setup_;
  std::uint32_t stat_sn_;
  Outgoing* first_ = nullptr;
  Outgoing* last_ = nullptr;
  Outgoing* in_batch_ = nullptr;  // finished with the batch that is being sent
  Outgoing* in_batch_last_ = nullptr;
  std::unique_ptr<PduBatch> batch_;
  EndOfTurn end_of_turn_;
  Gate::Pass scheduled_;
  bool sending_ = false;
  bool broken_ = false;
  Timer stall_timer_;
  std::uint64_t batches_sent_ = 0;
  std::uint64_t batches_sent_at_arming_ = 0;
};

}  // namespace tgt
