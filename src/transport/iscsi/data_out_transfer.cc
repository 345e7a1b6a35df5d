// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/data_out_transfer.h"

#include <algorithm>

namespace tgt {

using Range = DataOutTransfer::Range;

std::uint32_t DataOutTransfer::unsolicited_limit() const {
  return std::min(terms_.expected_length, terms_.first_burst_length);
}

Result<void, DataOutFault> DataOutTransfer::begin(std::uint32_t immediate_length, bool final) {
  unsolicited_open_ = !final;
  if (immediate_length != 0 && !terms_.immediate_data) return failure(DataOutFault::unexpected_unsolicited);
  if (!final && terms_.initial_r2t) return failure(DataOutFault::unexpected_unsolicited);
  if (immediate_length > terms_.expected_length) return failure(DataOutFault::too_much);
  if (immediate_length > terms_.first_burst_length) return failure(DataOutFault::unexpected_unsolicited);
  announced_ = immediate_length;
  asked_ = immediate_length;
  return {};
}

Result<Range, DataOutFault> DataOutTransfer::accept(const iscsi::DataOutHeader& header) {
  return header.target_transfer_tag == iscsi::reserved_tag ? accept_unsolicited(header) : accept_solicited(header);
}

Result<Range, DataOutFault> DataOutTransfer::accept_unsolicited(const iscsi::DataOutHeader& header) {
  if (!unsolicited_open_) return failure(DataOutFault::unexpected_unsolicited);
  const bool final = (header.flags & iscsi::final_bit) != 0;
  const std::uint32_t length = header.data_segment_length;
  if (header.data_sn != next_unsolicited_sn_) return failure(DataOutFault::wrong_sequence_number);
  if (header.buffer_offset != announced_) return failure(DataOutFault::wrong_offset);
  if (length > unsolicited_limit() - std::min(announced_, unsolicited_limit())) return failure(DataOutFault::too_much);
  if (!final && announced_ + length == unsolicited_limit()) return failure(DataOutFault::missing_final);
  ++next_unsolicited_sn_;
  const Range range{announced_, length};
  announced_ += length;
  asked_ = announced_;
  if (final) unsolicited_open_ = false;
  return range;
}

Result<Range, DataOutFault> DataOutTransfer::accept_solicited(const iscsi::DataOutHeader& header) {
  Outstanding& oldest = outstanding_[first_outstanding_];
  if (outstanding_count_ == 0 || oldest.tag != header.target_transfer_tag) {
    return failure(is_outstanding(header.target_transfer_tag) ? DataOutFault::wrong_sequence_number
                                                              : DataOutFault::unknown_tag);
  }
  const bool final = (header.flags & iscsi::final_bit) != 0;
  const std::uint32_t length = header.data_segment_length;
  const std::uint32_t left = oldest.range.length - oldest.received;
  if (header.data_sn != oldest.next_data_sn) return failure(DataOutFault::wrong_sequence_number);
  if (header.buffer_offset != oldest.range.offset + oldest.received) return failure(DataOutFault::wrong_offset);
  if (length > left) return failure(DataOutFault::too_much);
  if (final && length < left) return failure(DataOutFault::early_final);
  if (!final && length == left) return failure(DataOutFault::missing_final);
  ++oldest.next_data_sn;
  const Range range{header.buffer_offset, length};
  oldest.received += length;
  announced_ += length;
  if (final) {
    first_outstanding_ = (first_outstanding_ + 1) % most_outstanding;
    --outstanding_count_;
  }
  return range;
}

bool DataOutTransfer::is_outstanding(std::uint32_t tag) const {
  for (std::size_t i = 0; i < outstanding_count_; ++i) {
    if (outstanding_[(first_outstanding_ + i) % most_outstanding].tag == tag) return true;
  }
  return false;
}

void DataOutTransfer::arrived(Range range) { received_ = range.offset + range.length; }

void DataOutTransfer::want(std::uint32_t length) {
  wanted_ = std::max(wanted_, std::min(length, terms_.expected_length));
}

bool DataOutTransfer::may_ask() const {
  const std::size_t most = std::min<std::size_t>(terms_.max_outstanding_r2t, most_outstanding);
  return !given_up_ && !unsolicited_open_ && asked_ < wanted_ && outstanding_count_ < most;
}

DataOutTransfer::ReadyToTransfer DataOutTransfer::ask(std::uint32_t tag) {
  const Range range{asked_, std::min(wanted_ - asked_, terms_.max_burst_length)};
  outstanding_[(first_outstanding_ + outstanding_count_) % most_outstanding] = {.tag = tag, .range = range};
  ++outstanding_count_;
  asked_ += range.length;
  return {.tag = tag, .sequence_number = next_r2t_sn_++, .range = range};
}

void DataOutTransfer::give_up() {
  given_up_ = true;
  outstanding_count_ = 0;
}

void DataOutTransfer::pass_over(const iscsi::DataOutHeader& header) {
  if ((header.flags & iscsi::final_bit) != 0) unsolicited_open_ = false;
}

}  // namespace tgt
