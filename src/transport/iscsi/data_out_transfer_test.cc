// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/data_out_transfer.h"

#include <gtest/gtest.h>

#include <vector>

namespace tgt {
namespace {

constexpr std::uint32_t unsolicited = iscsi::reserved_tag;

struct Sent {
  std::uint32_t tag;
  std::uint32_t sequence_number;
  std::uint32_t offset;
  std::uint32_t length;
  bool final;
};

iscsi::DataOutHeader header_of(const Sent& sent) {
  iscsi::DataOutHeader header;
  header.flags = sent.final ? iscsi::final_bit : 0;
  header.target_transfer_tag = sent.tag;
  header.data_sn = sent.sequence_number;
  header.buffer_offset = sent.offset;
  header.data_segment_length = sent.length;
  return header;
}

class DataOut : public testing::Test {
 protected:
  DataOutTransfer& begin(std::uint32_t immediate, bool final, const DataOutTransfer::Terms& agreed) {
    transfer_.emplace(agreed);
    EXPECT_TRUE(transfer_->begin(immediate, final));
    if (immediate != 0) transfer_->arrived({0, immediate});
    return *transfer_;
  }
  // The fault, or nothing when it is taken (and has arrived).
  std::optional<DataOutFault> send(const Sent& sent) {
    const auto range = transfer_->accept(header_of(sent));
    if (!range) return range.error();
    EXPECT_EQ(range->offset, sent.offset);
    EXPECT_EQ(range->length, sent.length);
    transfer_->arrived(*range);
    return std::nullopt;
  }
  std::optional<DataOutTransfer::ReadyToTransfer> ask() {
    return transfer_->next_ready_to_transfer([this] { return next_tag_++; });
  }

  static constexpr DataOutTransfer::Terms terms{.expected_length = 10000,
                                                .first_burst_length = 3000,
                                                .max_burst_length = 4000,
                                                .max_outstanding_r2t = 2,
                                                .initial_r2t = false,
                                                .immediate_data = true};
  std::optional<DataOutTransfer> transfer_;
  std::uint32_t next_tag_ = 1;
};

TEST_F(DataOut, ImmediateUnsolicitedAndSolicitedDataMakeUpTheWhole) {
  DataOutTransfer& transfer = begin(1000, false, terms);
  transfer.want(10000);
  EXPECT_FALSE(ask()) << "while unsolicited data may still come";
  EXPECT_EQ(send({unsolicited, 0, 1000, 500, false}), std::nullopt);
  EXPECT_EQ(send({unsolicited, 1, 1500, 1500, true}), std::nullopt);
  EXPECT_FALSE(transfer.unsolicited_open());
  const auto first = ask();
  const auto second = ask();
  ASSERT_TRUE(first && second);
  EXPECT_FALSE(ask()) << "two are the limit";
  EXPECT_EQ(first->range.offset, 3000U);
  EXPECT_EQ(first->range.length, 4000U);
  EXPECT_EQ(second->range.offset, 7000U);
  EXPECT_EQ(second->range.length, 3000U);
  EXPECT_EQ(second->sequence_number, 1U);
  EXPECT_EQ(send({first->tag, 0, 3000, 4000, true}), std::nullopt);
  EXPECT_FALSE(ask()) << "all is asked for";
  EXPECT_EQ(send({second->tag, 0, 7000, 1000, false}), std::nullopt);
  EXPECT_FALSE(transfer.has(10000));
  EXPECT_EQ(send({second->tag, 1, 8000, 2000, true}), std::nullopt);
  EXPECT_TRUE(transfer.has(10000));
}

TEST_F(DataOut, OnlyWhatIsWantedIsAskedFor) {
  begin(0, true, terms).want(4500);
  EXPECT_EQ(ask()->range.length, 4000U);
  EXPECT_EQ(ask()->range.length, 500U);
  EXPECT_FALSE(ask());
}

TEST_F(DataOut, LessUnsolicitedDataThanAllowedIsNoFault) {
  begin(0, false, terms).want(10000);
  EXPECT_EQ(send({unsolicited, 0, 0, 100, true}), std::nullopt);
  EXPECT_EQ(ask()->range.offset, 100U);
}

TEST_F(DataOut, WhatWasNotAgreedIsRefusedAtTheCommand) {
  auto refuses = [](DataOutTransfer::Terms changed, std::uint32_t immediate, bool final) {
    DataOutTransfer transfer(changed);
    const auto begun = transfer.begin(immediate, final);
    EXPECT_FALSE(begun);
    return begun ? DataOutFault::unknown_tag : begun.error();
  };
  DataOutTransfer::Terms no_immediate = terms;
  no_immediate.immediate_data = false;
  EXPECT_EQ(refuses(no_immediate, 1, true), DataOutFault::unexpected_unsolicited);
  DataOutTransfer::Terms r2t_first = terms;
  r2t_first.initial_r2t = true;
  EXPECT_EQ(refuses(r2t_first, 0, false), DataOutFault::unexpected_unsolicited);
  EXPECT_EQ(refuses(terms, 3001, true), DataOutFault::unexpected_unsolicited);
  DataOutTransfer::Terms little = terms;
  little.expected_length = 10;
  EXPECT_EQ(refuses(little, 11, true), DataOutFault::too_much);
}

TEST_F(DataOut, FaultsInTheUnsolicitedBurstAreSeen) {
  begin(1000, false, terms);
  EXPECT_EQ(send({unsolicited, 1, 1000, 500, false}), DataOutFault::wrong_sequence_number);
  EXPECT_EQ(send({unsolicited, 0, 999, 500, false}), DataOutFault::wrong_offset);
  EXPECT_EQ(send({unsolicited, 0, 1001, 500, false}), DataOutFault::wrong_offset);
  EXPECT_EQ(send({unsolicited, 0, 1000, 2001, true}), DataOutFault::too_much);
  EXPECT_EQ(send({unsolicited, 0, 1000, 2000, false}), DataOutFault::missing_final);
  EXPECT_EQ(send({unsolicited, 0, 1000, 2000, true}), std::nullopt);
  EXPECT_EQ(send({unsolicited, 1, 3000, 1, true}), DataOutFault::unexpected_unsolicited);
}

TEST_F(DataOut, FaultsInTheAnswerToAnR2TAreSeen) {
  begin(0, true, terms).want(10000);
  const std::uint32_t first = ask()->tag;
  const std::uint32_t second = ask()->tag;
  EXPECT_EQ(send({first + 100, 0, 0, 4000, true}), DataOutFault::unknown_tag);
  EXPECT_EQ(send({second, 0, 4000, 4000, true}), DataOutFault::wrong_sequence_number) << "not in order";
  EXPECT_EQ(send({first, 27, 0, 4000, true}), DataOutFault::wrong_sequence_number);
  EXPECT_EQ(send({first, 0, 4, 3996, true}), DataOutFault::wrong_offset);
  EXPECT_EQ(send({first, 0, 0xfffffff0, 4000, true}), DataOutFault::wrong_offset);
  EXPECT_EQ(send({first, 0, 0, 4001, true}), DataOutFault::too_much);
  EXPECT_EQ(send({first, 0, 0, 0xffffff, true}), DataOutFault::too_much);
  EXPECT_EQ(send({first, 0, 0, 3999, true}), DataOutFault::early_final);
  EXPECT_EQ(send({first, 0, 0, 4000, false}), DataOutFault::missing_final);
  EXPECT_EQ(send({first, 0, 0, 4000, true}), std::nullopt);
  EXPECT_EQ(send({first, 1, 4000, 1, true}), DataOutFault::unknown_tag) << "it is fulfilled";
}

TEST_F(DataOut, AfterGivingUpNothingIsAskedForAndTheBurstIsOnlyCounted) {
  DataOutTransfer& transfer = begin(0, false, terms);
  transfer.want(10000);
  transfer.give_up();
  transfer.pass_over(header_of({unsolicited, 5, 77, 10, false}));
  EXPECT_TRUE(transfer.unsolicited_open());
  transfer.pass_over(header_of({unsolicited, 9, 0, 10, true}));
  EXPECT_FALSE(transfer.unsolicited_open());
  EXPECT_FALSE(ask());
}

}  // namespace
}  // namespace tgt
