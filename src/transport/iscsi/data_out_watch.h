// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "reactor/timer.h"

namespace tgt {

// Gives an initiator up that was asked for data and sends none of it. A write that waits for its data holds up whoever
// must not run beside it, of other initiators too (COMPARE AND WRITE, ORDERED tasks): a host that has crashed in the
// middle of a write must not stop a cluster until somebody misses its TCP connection.
class DataOutWatch {
 public:
  class Owner {
   public:
    // Is there a command that waits for data which could come?
    virtual bool awaits_data_out() const = 0;
    virtual void data_out_stays_away() = 0;

   protected:
    ~Owner() = default;
  };
  // Between once and twice this time without any data ends the connection.
  static constexpr Duration patience = 10s;

  DataOutWatch(Shard& shard, Owner& owner) : owner_(owner), timer_(shard, &DataOutWatch::expired, this) {}

  // A command begins to wait.
  void begin() {
    if (!timer_.armed()) restart();
  }
  // Data of some command has come.
  void arrived() { arrived_ = true; }
  void stop() { timer_.cancel(); }

 private:
  static void expired(void* self) { static_cast<DataOutWatch*>(self)->tick(); }
  void restart() {
    arrived_ = false;
    timer_.arm(patience);
  }
  void tick() {
    if (!owner_.awaits_data_out()) return;
    if (!arrived_) return owner_.data_out_stays_away();
    restart();
  }

  Owner& owner_;
  Timer timer_;
  bool arrived_ = false;
};

}  // namespace tgt
