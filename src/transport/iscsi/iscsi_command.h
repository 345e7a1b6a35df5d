// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>

#include "base/buffer.h"
#include "core/command.h"
#include "reactor/event.h"
#include "transport/iscsi/data_out_transfer.h"
#include "transport/iscsi/data_out_watch.h"
#include "transport/iscsi/outgoing.h"
#include "transport/iscsi/pdu.h"

namespace tgt {

class IscsiCommand;

// What a command needs of its connection.
class IscsiCommandOwner {
 public:
  // R2Ts of this command may be sent.
  virtual void ready_to_ask(IscsiCommand& command) = 0;
  virtual DataOutWatch& data_out_watch() = 0;

 protected:
  ~IscsiCommandOwner() = default;
};

// One SCSI command of a connection, from its PDU to the end of its response. Lives in the connection's CommandPool as
// long as somebody uses it: its task, the send queue, a receive into its buffer.
class IscsiCommand final : public Command, public Outgoing {
 public:
  struct Wire {
    std::uint32_t slot = 0;  // its place in the pool
    std::uint32_t initiator_task_tag = 0;
    std::uint32_t cmd_sn = 0;
    bool immediate = false;
  };
  // How the command is answered.
  struct Response {
    Status status = Status::good;
    Residual residual{};
    Bytes data{};  // Data-In, owned by the reply
    Bytes sense{};
  };

  IscsiCommand(Shard& shard, Nexus& nexus, const Request& request, const Wire& wire, IscsiCommandOwner& owner,
               const DataOutTransfer::Terms& terms)
      : Command(shard, nexus, request), Outgoing(Kind::command), wire_(wire), owner_(owner), data_out_(terms) {}

  const Wire& wire() const { return wire_; }
  DataOutTransfer& data_out_transfer() { return data_out_; }

  // --- users
  void hold() { ++users_; }
  // True: that was the last one.
  bool drop() { return --users_ == 0; }

  // --- Data-Out. Own memory, of expected_data_out bytes, until nobody wants them any more.
  void set_data_out_buffer(Buffer buffer) { buffer_ = std::move(buffer); }
  bool waits_for_data() const { return awaited_ != 0 && !data_out_.has(awaited_) && !failure_ && !abandoned_; }
  MutableBytes data_out_memory(DataOutTransfer::Range range) const {
    return buffer_.first(std::size_t{range.offset} + range.length).subspan(range.offset);
  }
  // Its R2Ts end there in the stream of bytes to the initiator.
  void asked_at(std::uint64_t end) { wait_.asked_at = end; }
  // Data has arrived. Resumes the task that waits for it, which may run to its end before this returns.
  void data_arrived(DataOutTransfer::Range range);
  // The data will never be complete: the command ends with this sense. Resumes the task as above.
  void fail(const Sense& why);

  // --- the response
  // Made by the router, or by fail().
  void respond_from_reply();
  void respond_with(Status status, const std::optional<Sense>& sense);
  const Response& response() const { return response_; }

  // How far the sender is with it.
  struct Progress {
    bool response_ready = false;  // else only R2Ts are to be sent
    std::uint32_t data_sent = 0;
    std::uint32_t data_sn = 0;
    std::uint32_t r2t_count = 0;
    bool finished = false;  // all of its response has gone out
  };
  Progress progress;
  // Why it does not reach core at all.
  struct Refusal {
    Status status = Status::good;
    std::optional<Sense> sense{};
  };
  std::optional<Refusal> refusal{};
  bool executed = false;   // TaskRouter::execute() has returned, or was never called
  bool silent = false;     // aborted: nothing is sent for it
  bool concluded = false;  // its response is queued, or it is silent for good

 private:
  bool has_data_out(std::uint32_t length) const override { return data_out_.has(length); }
  Task<bool> fetch_data_out(std::uint32_t length) override;
  MutableBytes fetched_data_out() override { return buffer_.all(); }
  void abandon_data_out() override;

  Wire wire_;
  IscsiCommandOwner& owner_;
  DataOutTransfer data_out_;
  Buffer buffer_;
  std::optional<Sense> failure_;
  bool abandoned_ = false;
  std::uint32_t awaited_ = 0;  // bytes that a waiting fetch needs
  DataOutWatch::Wait wait_;
  Event arrived_;
  Response response_;
  SenseData own_sense_;
  std::uint32_t users_ = 0;
};

}  // namespace tgt
