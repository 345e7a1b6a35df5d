// SPDX-License-Identifier: Apache-2.0
// What initiators are told of a passed-through device that the device itself would tell otherwise.
#include "core/report_luns.h"
#include "device/passthrough/inquiry.h"
#include "device/passthrough/limits.h"
#include "device/passthrough/mode_sense.h"
#include "device/passthrough/passthrough_bench.h"
#include "device/passthrough/supported_commands.h"

namespace tgt {
namespace {

using Data = std::vector<std::uint8_t>;

Data vital_page(std::uint8_t page, Data body) {
  Data data{0, page, static_cast<std::uint8_t>(body.size() >> 8), static_cast<std::uint8_t>(body.size())};
  data.insert(data.end(), body.begin(), body.end());
  return data;
}

class PassthroughPages : public PassthroughBench {
 protected:
  // Pages that the device has; it refuses the others.
  void have_pages(std::vector<Data> pages) {
    react_to(0x12, [pages = std::move(pages)](const ScsiRequest& request) {
      for (const Data& page : pages) {
        if (page[1] == request.cdb[2]) {
          const std::size_t room = std::min<std::size_t>(page.size(), request.data.size());
          return LoopbackPort::good({page.begin(), page.begin() + static_cast<std::ptrdiff_t>(room)});
        }
      }
      return LoopbackPort::check_condition(Sense::invalid_field_in_cdb());
    });
  }
  std::shared_ptr<Outcome> ask(std::uint8_t page, std::uint8_t room = 255) {
    return run({.cdb = {0x12, 1, page, 0, room, 0}, .expected_in = room});
  }
  static std::uint32_t word(const Data& data, std::size_t at) {
    return std::uint32_t{data[at]} << 24 | std::uint32_t{data[at + 1]} << 16 | std::uint32_t{data[at + 2]} << 8 |
           data[at + 3];
  }
};

TEST_F(PassthroughPages, StandardInquiryKeepsTheDeviceButShowsOurTaskSetAndPorts) {
  make(PeripheralDeviceType::block);
  Data inquiry(96, 0xff);
  react_to(0x12, [&](const ScsiRequest&) { return LoopbackPort::good(inquiry); });
  const auto outcome = run({.cdb = {0x12, 0, 0, 0, 96, 0}, .expected_in = 96});
  ASSERT_EQ(outcome->data.size(), 96u);
  EXPECT_EQ(outcome->data[3] & 0x20, 0);     // NORMACA
  EXPECT_EQ(outcome->data[5] & 0x30, 0);     // TPGS
  EXPECT_EQ(outcome->data[5] & 0x08, 0);     // 3PC
  EXPECT_EQ(outcome->data[5] & 0x01, 1);     // PROTECT is the medium's
  EXPECT_EQ(outcome->data[6] & 0x10, 0);     // MULTIP
  EXPECT_EQ(outcome->data[7] & 0x02, 0x02);  // CMDQUE
  EXPECT_EQ(outcome->data[8], 0xff);
  inquiry.assign(96, 0);
  EXPECT_EQ(run({.cdb = {0x12, 0, 0, 0, 96, 0}, .expected_in = 96})->data[7], 0x02);
}

TEST_F(PassthroughPages, ShortInquiryDataIsCorrectedAsFarAsItGoes) {
  for (std::size_t length = 0; length < 10; ++length) {
    Data data(length, 0xff);
    correct_standard_inquiry(data);
    if (length > 3) EXPECT_EQ(data[3], 0xdf);
  }
}

TEST_F(PassthroughPages, InquiryIsAnsweredWhileAUnitAttentionIsPending) {
  make(PeripheralDeviceType::block);
  unit_->unit_attentions().establish(Sense::power_on_or_reset());
  EXPECT_EQ(run({.cdb = {0x12, 0, 0, 0, 36, 0}, .expected_in = 36})->status, Status::good);
  expect_sense(*run({.cdb = {0, 0, 0, 0, 0, 0}}), Sense::power_on_or_reset());
}

TEST_F(PassthroughPages, SupportedPagesHideForeignPortsAndNameTheLimits) {
  make(PeripheralDeviceType::block);
  have_pages({vital_page(0x00, {0x00, 0x80, 0x83, 0x88, 0x8f, 0xb1})});
  EXPECT_EQ(ask(0x00)->data, vital_page(0x00, {0x00, 0x80, 0x83, 0xb0, 0xb1}));
  expect_sense(*ask(0x88), Sense::invalid_field_in_cdb());
  expect_sense(*ask(0x8f), Sense::invalid_field_in_cdb());
}

TEST_F(PassthroughPages, TheTransferLimitIsToldEvenWhenTheDeviceHasNoPageForIt) {
  make(PeripheralDeviceType::block);
  port_->told_limits.transfer_bytes = 1u << 20;
  have_pages({});
  const auto limits = ask(0xb0);
  ASSERT_EQ(limits->data.size(), 64u);
  EXPECT_EQ(limits->data[1], 0xb0);
  EXPECT_EQ(limits->data[3], 60);
  EXPECT_EQ(word(limits->data, 8), 2048u);
  EXPECT_EQ(ask(0x00)->data, vital_page(0x00, {0x00, 0xb0}));
}

TEST_F(PassthroughPages, TheDevicesOwnLimitsAreLoweredToOursAndNeverRaised) {
  make(PeripheralDeviceType::block, 4096);
  port_->told_limits.transfer_bytes = 1u << 20;
  Data body(60);
  body[1] = 255;             // COMPARE AND WRITE
  body[4] = body[8] = 0xff;  // maximum and optimal: more than we can
  body[16] = 0x12;           // UNMAP limits are none of ours
  have_pages({vital_page(0xb0, body)});
  const auto page = ask(0xb0);
  EXPECT_EQ(word(page->data, 8), 256u);
  EXPECT_EQ(word(page->data, 12), 256u);
  EXPECT_EQ(page->data[5], 128);
  EXPECT_EQ(page->data[20], 0x12);
  body.assign(60, 0);
  body[7] = 64;
  have_pages({vital_page(0xb0, body)});
  EXPECT_EQ(word(ask(0xb0)->data, 8), 64u);
}

TEST_F(PassthroughPages, TheSamePageNumberOfATapeIsNotTouched) {
  make(PeripheralDeviceType::tape);
  const Data page = vital_page(0xb0, {0x01, 0, 0, 0});
  have_pages({page});
  EXPECT_EQ(ask(0xb0)->data, page);
}

TEST_F(PassthroughPages, IdentificationKeepsTheUnitsNamesAndShowsOurPort) {
  make(PeripheralDeviceType::block);
  const Data naa{0x01, 0x03, 0, 8, 0x60, 1, 2, 3, 4, 5, 6, 7};
  const Data foreign_port{0x61, 0x94, 0, 4, 0, 0, 0, 9};
  const Data foreign_group{0x61, 0x95, 0, 4, 0, 0, 0, 9};
  const Data foreign_device{0x61, 0xa3, 0, 8, 0x50, 0, 0, 0, 0, 0, 0, 1};
  Data body;
  for (const Data& one : {naa, foreign_port, foreign_group, foreign_device})
    body.insert(body.end(), one.begin(), one.end());
  have_pages({vital_page(0x83, body)});
  const Data data = ask(0x83)->data;
  ASSERT_GT(data.size(), 4u + naa.size());
  EXPECT_EQ(std::size_t{4} + data[3], data.size());
  EXPECT_EQ(Data(data.begin() + 4, data.begin() + 16), naa);
  const std::string text(data.begin(), data.end());
  EXPECT_NE(text.find(std::string(target_name) + ",t,0x0001"), std::string::npos);
  EXPECT_EQ(std::ranges::search(data, foreign_port).size(), 0u);
  EXPECT_EQ(std::ranges::search(data, foreign_group).size(), 0u);
  EXPECT_EQ(std::ranges::search(data, foreign_device).size(), 0u);
  EXPECT_EQ(data[16], 0x51);  // iSCSI, binary
  EXPECT_EQ(data[17], 0x94);  // the relative target port
  EXPECT_EQ(data[23], 1);
}

TEST_F(PassthroughPages, MalformedIdentificationIsCutAndNotFollowed) {
  make(PeripheralDeviceType::block);
  have_pages({vital_page(0x83, {0x01, 0x03, 0, 200, 1, 2})});
  EXPECT_EQ(ask(0x83)->status, Status::good);
}

TEST_F(PassthroughPages, ALongPageIsReadWholeAndCutToWhatTheInitiatorAllows) {
  make(PeripheralDeviceType::block);
  Data body;
  for (std::uint8_t i = 0; i < 40; ++i) {
    const Data one{0x01, 0x01, 0, 8, i, i, i, i, i, i, i, i};
    body.insert(body.end(), one.begin(), one.end());
  }
  have_pages({vital_page(0x83, body)});
  const auto outcome = run({.cdb = {0x12, 1, 0x83, 0x10, 0, 0}, .expected_in = 4096});
  EXPECT_GT(outcome->data.size(), body.size());
  EXPECT_EQ(ask(0x83, 20)->data.size(), 20u);
}

TEST_F(PassthroughPages, ReadBlockLimitsOfATapeAreNoHigherThanATransfer) {
  Data data{0, 0xff, 0xff, 0xff, 0, 1};
  correct_block_limits(data, 0x100000);
  EXPECT_EQ(data, (Data{0, 0x10, 0, 0, 0, 1}));
  data = {0, 0, 0, 0, 0, 1};
  correct_block_limits(data, 0x100000);
  EXPECT_EQ(data, (Data{0, 0x10, 0, 0, 0, 1}));
  data = {0, 0, 0x80, 0, 0, 1};
  correct_block_limits(data, 0x100000);
  EXPECT_EQ(data, (Data{0, 0, 0x80, 0, 0, 1}));
  make(PeripheralDeviceType::tape);
  react_to(0x05, [](const ScsiRequest&) { return LoopbackPort::good({0, 0xff, 0xff, 0xff, 0, 1}); });
  EXPECT_EQ(run({.cdb = {5, 0, 0, 0, 0, 0}, .expected_in = 6})->data, (Data{0, 0x10, 0, 0, 0, 1}));
}

class OccupiedTape : public PassthroughPages {
 protected:
  OccupiedTape() {
    DeviceFacts facts(PeripheralDeviceType::tape);
    facts.standard_inquiry = Data(36, 0x20);
    facts.vital_pages[0x00] = vital_page(0x00, {0x00, 0x80, 0x88, 0xc0});
    facts.vital_pages[0x80] = vital_page(0x80, {'A', 'B'});
    make(std::move(facts));
    reacts = [this](const ScsiRequest& request) {
      if (request.cdb.operation_code() == 0x19) return held(Reaction::When::held_by_device);
      if (request.cdb.operation_code() == 0x00) return next_answer;
      return LoopbackPort::good(Data(request.data.size(), 0x5a));
    };
  }
  std::shared_ptr<Outcome> erase() { return run(a_, {.cdb = {0x19, 1, 0, 0, 0, 0}}); }
  std::shared_ptr<Outcome> ask_as_other(std::uint8_t page) {
    return run(b_, {.cdb = {0x12, 1, page, 0, 255, 0}, .expected_in = 255});
  }
  static constexpr std::initializer_list<std::uint8_t> standard{0x12, 0, 0, 0, 96, 0};
  Reaction next_answer = LoopbackPort::good();
};

TEST_F(OccupiedTape, AnswersInquiryOfAnotherInitiatorFromWhatIsKnown) {
  const auto erased = erase();
  const auto inquiry = run(b_, {.cdb = standard, .expected_in = 96});
  ASSERT_EQ(inquiry->data.size(), 36u);
  EXPECT_EQ(inquiry->data[8], 0x20);
  EXPECT_EQ(inquiry->data[7], 0x02) << "CMDQUE is ours, as always";
  EXPECT_EQ(inquiry->residual.bytes, 60u);
  EXPECT_EQ(ask_as_other(0x80)->data, vital_page(0x80, {'A', 'B'}));
  EXPECT_EQ(ask_as_other(0x00)->data, vital_page(0x00, {0x00, 0x80, 0xc0}));
  expect_sense(*ask_as_other(0x88), Sense::invalid_field_in_cdb());
  EXPECT_EQ(sent_to_device(), 1u);
  EXPECT_FALSE(erased->ended);
  port_->release();
  reactor_.settle();
  EXPECT_TRUE(erased->answered);
  EXPECT_EQ(run(b_, {.cdb = standard, .expected_in = 96})->data[8], 0x5a) << "asked itself once it can be";
}

TEST_F(OccupiedTape, AnswersRequestSense) {
  const Sent request{.cdb = {0x03, 0, 0, 0, 18, 0}, .expected_in = 18};
  erase();
  const auto nothing = run(b_, request);
  ASSERT_EQ(nothing->data.size(), 18u);
  EXPECT_EQ(nothing->data[2], 0);
  unit_->unit_attentions().establish(Sense::medium_may_have_changed());
  const auto pending = run(b_, request);
  ASSERT_EQ(pending->data.size(), 18u);
  EXPECT_EQ(pending->data[2], 6);
  EXPECT_EQ(pending->data[12], 0x28);
  EXPECT_EQ(sent_to_device(), 1u);
}

TEST_F(OccupiedTape, LetsEverythingElseWait) {
  const auto erased = erase();
  const auto unknown = ask_as_other(0xc0);
  const auto ready = run(b_, {.cdb = {0, 0, 0, 0, 0, 0}});
  EXPECT_FALSE(unknown->ended || ready->ended);
  EXPECT_EQ(run(b_, {.cdb = standard, .expected_in = 96})->data[8], 0x20) << "past those that wait";
  port_->release();
  reactor_.settle();
  EXPECT_TRUE(unknown->answered && ready->answered);
}

TEST_F(OccupiedTape, IsAskedItselfOnceItSaidThatItsInquiryDataChanged) {
  next_answer = LoopbackPort::check_condition(Sense::inquiry_data_changed());
  run(a_, {.cdb = {0, 0, 0, 0, 0, 0}});
  erase();
  const auto inquiry = run(b_, {.cdb = standard, .expected_in = 96});
  EXPECT_FALSE(inquiry->ended);
  port_->release();
  reactor_.settle();
  EXPECT_EQ(inquiry->data[8], 0x5a);
}

TEST_F(PassthroughPages, TheControlModePageShowsOurTaskSet) {
  make(PeripheralDeviceType::block);
  const Data descriptor{0, 0, 0, 0, 0, 0, 2, 0};
  const Data caching{0x08, 2, 0xff, 0xff};
  const Data subpage{0x4a, 0x01, 0, 2, 0xff, 0xff};
  const Data control{0x8a, 0x0a, 0xff, 0xff, 0xff, 0xff, 0, 0, 0xff, 0xff, 0, 0};
  const auto sense = [&](Data header) {
    for (const Data* one : {&descriptor, &caching, &subpage, &control})
      header.insert(header.end(), one->begin(), one->end());
    return header;
  };
  const auto expect_corrected = [&](const Data& data, std::size_t header) {
    const std::size_t at = header + descriptor.size() + caching.size();
    ASSERT_EQ(data.size(), at + subpage.size() + control.size());
    EXPECT_EQ(data[at + 4], 0xff);  // the subpage is not the page
    const std::size_t page = at + subpage.size();
    EXPECT_EQ(data[page + 2], 0x1f);
    EXPECT_EQ(data[page + 3], 0xff);  // QERR is what the device does
    EXPECT_EQ(data[page + 4], 0xcf);
    EXPECT_EQ(data[page + 5], 0xbf);
  };
  reacts = [&](const ScsiRequest&) { return LoopbackPort::good(sense({33, 0, 0, 8})); };
  expect_corrected(run({.cdb = {0x1a, 0, 0x3f, 0xff, 200, 0}, .expected_in = 200})->data, 4);
  reacts = [&](const ScsiRequest&) { return LoopbackPort::good(sense({0, 36, 0, 0, 0, 0, 0, 8})); };
  expect_corrected(run({.cdb = {0x5a, 0, 0x3f, 0xff, 0, 0, 0, 0, 200, 0}, .expected_in = 200})->data, 8);
}

TEST_F(PassthroughPages, MalformedModeDataIsNotFollowed) {
  for (std::size_t length = 0; length < 40; ++length) {
    for (const int filler : {0x00, 0x0a, 0x4a, 0xff}) {
      Data data(length, static_cast<std::uint8_t>(filler));
      correct_control_mode_page(data, 4);
      correct_control_mode_page(data, 8);
      EXPECT_EQ(data.size(), length);
    }
  }
}

TEST_F(PassthroughPages, SupportedOperationCodesLeaveOutWhatIsNotSent) {
  make(PeripheralDeviceType::block);
  const Data read{0x28, 0, 0, 0, 0, 0, 0, 10};
  const Data reserve_out{0x5f, 0, 0, 1, 0, 1, 0, 10};
  const Data report_luns{0xa0, 0, 0, 0, 0, 0, 0, 12};
  const Data with_timeouts{0x2a, 0, 0, 0, 0, 2, 0, 10, 0, 10, 0, 0, 0, 0, 0, 1, 0, 0, 0, 60};
  Data list{0, 0, 0, 0};
  for (const Data& one : {read, reserve_out, report_luns, with_timeouts})
    list.insert(list.end(), one.begin(), one.end());
  list[3] = static_cast<std::uint8_t>(list.size() - 4);
  react_to(0xa3, [&](const ScsiRequest&) { return LoopbackPort::good(list); });
  const auto outcome = run({.cdb = {0xa3, 0x0c, 0, 0, 0, 0, 0, 0, 4, 0, 0, 0}, .expected_in = 1024});
  // What the device says, and then the eighteen commands that are carried out for it.
  Data expected{0, 0, 0, 36 + 18 * 8};
  for (const Data& one : {read, report_luns, with_timeouts}) expected.insert(expected.end(), one.begin(), one.end());
  ASSERT_EQ(outcome->data.size(), expected.size() + 18 * 8);
  EXPECT_EQ(Data(outcome->data.begin(), outcome->data.begin() + 40), expected);
  const Data last{0xa4, 0, 0, 0x0a, 0, 1, 0, 12};
  EXPECT_EQ(Data(outcome->data.end() - 8, outcome->data.end()), last) << "SET TARGET PORT GROUPS";
}

TEST_F(PassthroughPages, OneSupportedOperationCodeIsTheDevicesAnswerUnlessItIsNotSent) {
  make(PeripheralDeviceType::block);
  const auto refused = run({.cdb = {0xa3, 0x0c, 0x01, 0x83, 0, 0, 0, 0, 0, 64, 0, 0}, .expected_in = 64});
  EXPECT_EQ(refused->data, (Data{0, 1, 0, 0}));
  const auto ours = run({.cdb = {0xa3, 0x0c, 0x02, 0x5f, 0, 1, 0, 0, 0, 64, 0, 0}, .expected_in = 64});
  EXPECT_EQ(ours->data, (Data{0, 3, 0, 10, 0x5f, 0x01, 0xff, 0, 0, 0xff, 0xff, 0xff, 0xff, 0}));
  EXPECT_EQ(sent_to_device(), 0u);
  run({.cdb = {0xa3, 0x0c, 0x01, 0x28, 0, 0, 0, 0, 0, 64, 0, 0}, .expected_in = 64});
  EXPECT_EQ(sent_to_device(), 1u);
}

TEST_F(PassthroughPages, AListOfSupportedCommandsThatLiesAboutItsLengthIsSurvived) {
  for (std::size_t length = 0; length < 40; ++length) {
    Data data(length, 0x02);
    EXPECT_LE(correct_supported_commands(PeripheralDeviceType::block, false, data, length), length);
    data.resize(1024);
    EXPECT_LE(correct_supported_commands(PeripheralDeviceType::block, true, data, length), length + 18 * 20);
  }
}

TEST_F(PassthroughPages, TheTaskManagementFunctionsAreOurs) {
  make(PeripheralDeviceType::block);
  const auto outcome = run({.cdb = {0xa3, 0x0d, 0, 0, 0, 0, 0, 0, 0, 16, 0, 0}, .expected_in = 16});
  EXPECT_EQ(outcome->data, (Data{0xde, 0x07, 0, 0}));
  EXPECT_EQ(run({.cdb = {0xa3, 0x0d, 0x80, 0, 0, 0, 0, 0, 0, 16, 0, 0}, .expected_in = 16})->data.size(), 16u);
  EXPECT_EQ(sent_to_device(), 0u);
}

}  // namespace
}  // namespace tgt
