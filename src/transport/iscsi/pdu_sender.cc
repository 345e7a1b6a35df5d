// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/pdu_sender.h"

#include <algorithm>
#include <bit>
#include <utility>

namespace tgt {

PduSender::PduSender(const Setup& setup)
    : setup_(setup), stat_sn_(setup.next_stat_sn), stall_timer_(setup.shard, &PduSender::stalled, this) {
  end_of_turn_.sender = this;
  end_of_turn_.run = [](PostedWork& work) {
    PduSender& self = *static_cast<EndOfTurn&>(work).sender;
    spawn(self.send_batch(std::move(self.scheduled_)));
  };
}

void PduSender::queue(Outgoing& outgoing) {
  if (broken_) return setup_.owner.sent(outgoing);
  outgoing.next = nullptr;
  outgoing.queued = true;
  (first_ == nullptr ? first_ : last_->next) = &outgoing;
  last_ = &outgoing;
  schedule();
}

void PduSender::schedule() {
  if (sending_ || scheduled_) return;
  scheduled_ = setup_.gate.enter();
  if (!scheduled_) return give_up();
  setup_.shard.at_end_of_turn(end_of_turn_);
}

Task<void> PduSender::send_batch(Gate::Pass pass) {
  fill_batch();
  bool good = true;
  if (!batch_->empty()) {
    sending_ = true;
    if (!stall_timer_.armed()) {
      batches_sent_at_arming_ = batches_sent_;
      stall_timer_.arm(stall_limit);
    }
    const auto result = co_await setup_.socket.send_all(batch_->vectors());
    good = result.has_value();
    ++batches_sent_;
    sending_ = false;
  }
  batch_->clear();
  // The owner knows it before anything is given back to it: else it would queue the rest of an answer again, for ever.
  if (!good) setup_.owner.connection_lost();
  release(in_batch_);
  if (!good) {
    give_up();
  } else if (first_ != nullptr) {
    schedule();
  } else {
    setup_.owner.drained();
  }
  static_cast<void>(pass);
}

void PduSender::stalled(void* self) {
  auto& sender = *static_cast<PduSender*>(self);
  if (!sender.sending_) return;
  if (sender.batches_sent_ == sender.batches_sent_at_arming_) return sender.setup_.owner.connection_lost();
  sender.batches_sent_at_arming_ = sender.batches_sent_;
  sender.stall_timer_.arm(stall_limit);
}

void PduSender::give_up() {
  broken_ = true;
  release(first_);
}

void PduSender::release(Outgoing*& list) {
  Outgoing* outgoing = std::exchange(list, nullptr);
  while (outgoing != nullptr) {
    Outgoing* next = std::exchange(outgoing->next, nullptr);
    outgoing->queued = false;
    setup_.owner.sent(*outgoing);
    outgoing = next;
  }
}

void PduSender::fill_batch() {
  if (batch_ == nullptr) {
    batch_ = std::make_unique_for_overwrite<PduBatch>();
    batch_->set_digests(setup_.parameters.header_digest, setup_.parameters.data_digest);
  }
  while (first_ != nullptr && add(*first_)) {
    Outgoing* done = first_;
    first_ = done->next;
    done->next = nullptr;
    (in_batch_ == nullptr ? in_batch_ : in_batch_last_->next) = done;
    in_batch_last_ = done;
  }
}

// False: the batch is full and there is more of it to come.
bool PduSender::add(Outgoing& outgoing) {
  if (outgoing.kind == Outgoing::Kind::command) return add_command(static_cast<IscsiCommand&>(outgoing));
  if (!batch_->has_room()) return false;
  add_small(static_cast<SmallPdu&>(outgoing));
  return true;
}

bool PduSender::add_command(IscsiCommand& command) {
  if (command.silent) {
    command.progress.finished = true;
    return true;
  }
  if (!command.progress.response_ready) return add_ready_to_transfers(command);
  const IscsiCommand::Response& response = command.response();
  const bool has_data = !response.data.empty();
  while (command.progress.data_sent < response.data.size()) {
    if (!add_data_in(command)) return false;
  }
  const bool status_went_with_data = has_data && response.status == Status::good && response.sense.empty();
  if (!status_went_with_data) {
    if (!batch_->has_room()) return false;
    add_response(command);
  }
  command.progress.finished = true;
  return true;
}

template <class Header>
void PduSender::stamp(Header& header) const {
  header.exp_cmd_sn = setup_.window.expected();
  header.max_cmd_sn = setup_.window.highest();
}

void PduSender::answered(const IscsiCommand& command) {
  if (!command.wire().immediate) setup_.window.answered();
}

bool PduSender::add_ready_to_transfers(IscsiCommand& command) {
  for (;;) {
    if (!batch_->has_room()) return false;
    const auto ask =
        command.data_out_transfer().next_ready_to_transfer([&] { return setup_.commands.make_tag(command); });
    if (!ask) return true;
    iscsi::ReadyToTransferHeader header;
    header.lun = command.request().lun;
    header.initiator_task_tag = command.wire().initiator_task_tag;
    header.target_transfer_tag = ask->tag;
    header.stat_sn = stat_sn_;
    stamp(header);
    header.r2t_sn = ask->sequence_number;
    header.buffer_offset = ask->range.offset;
    header.desired_data_transfer_length = ask->range.length;
    batch_->add(header);
    ++command.progress.r2t_count;
  }
}

namespace {

std::uint8_t residual_flags(const Residual& residual) {
  switch (residual.kind) {
    case Residual::Kind::none:
      return 0;
    case Residual::Kind::underflow:
      return iscsi::residual_underflow_bit;
    case Residual::Kind::overflow:
      return iscsi::residual_overflow_bit;
  }
  return 0;
}

}  // namespace

// One PDU of Data-In; the last one carries a good status too (RFC 7143, 11.7.3).
bool PduSender::add_data_in(IscsiCommand& command) {
  if (!batch_->has_room()) return false;
  const IscsiCommand::Response& response = command.response();
  IscsiCommand::Progress& progress = command.progress;
  const auto length = static_cast<std::uint32_t>(response.data.size());
  const std::uint32_t burst = setup_.parameters.max_burst_length;
  const std::uint32_t left_in_burst = burst - progress.data_sent % burst;
  const std::uint32_t segment =
      std::min({length - progress.data_sent, left_in_burst, setup_.parameters.initiator_max_recv_data_segment_length,
                setup_.max_xmit_data_segment_length});
  const bool last = progress.data_sent + segment == length;
  iscsi::DataInHeader header;
  header.initiator_task_tag = command.wire().initiator_task_tag;
  header.data_sn = progress.data_sn++;
  header.buffer_offset = progress.data_sent;
  if (last || segment == left_in_burst) header.flags = iscsi::final_bit;
  if (last && response.status == Status::good && response.sense.empty()) {
    header.flags |= iscsi::DataInHeader::status_bit | residual_flags(response.residual);
    header.status = static_cast<std::uint8_t>(response.status);
    header.residual_count = response.residual.bytes;
    header.stat_sn = stat_sn_++;
    answered(command);
  }
  stamp(header);
  batch_->add(header, response.data.subspan(progress.data_sent, segment));
  progress.data_sent += segment;
  return true;
}

void PduSender::add_response(IscsiCommand& command) {
  const IscsiCommand::Response& response = command.response();
  iscsi::ScsiResponseHeader header;
  header.flags |= residual_flags(response.residual);
  header.status = static_cast<std::uint8_t>(response.status);
  header.initiator_task_tag = command.wire().initiator_task_tag;
  header.stat_sn = stat_sn_++;
  answered(command);
  stamp(header);
  header.exp_data_sn = command.progress.data_sn + command.progress.r2t_count;
  header.residual_count = response.residual.bytes;
  if (response.sense.empty()) return batch_->add(header);
  const be16 sense_length(static_cast<std::uint16_t>(response.sense.size()));
  batch_->add(header, response.sense, bytes_of(sense_length));
}

void PduSender::add_small(SmallPdu& pdu) {
  auto header = std::bit_cast<iscsi::TaggedResponseHeader>(pdu.header);
  header.stat_sn = stat_sn_;
  if (pdu.carries_status) ++stat_sn_;
  if (pdu.answers_request) setup_.window.answered();
  stamp(header);
  batch_->add(header, pdu.data);
}

}  // namespace tgt
