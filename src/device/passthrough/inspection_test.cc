// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/inspection.h"

#include <gtest/gtest.h>

#include <map>

#include "initiator/loopback_port.h"
#include "reactor/simulated_reactor.h"

namespace tgt {
namespace {

using Data = std::vector<std::uint8_t>;
using Reaction = LoopbackPort::Reaction;

Data inquiry_data(PeripheralDeviceType type, std::uint8_t version, std::uint8_t flags = 0) {
  Data data(36, ' ');
  data[0] = static_cast<std::uint8_t>(type);
  data[1] = 0x80;
  data[2] = version;
  data[4] = 31;
  data[5] = flags;
  const std::string vendor = "LAB", product = "DRIVE 9";
  std::copy(vendor.begin(), vendor.end(), data.begin() + 8);
  std::copy(product.begin(), product.end(), data.begin() + 16);
  return data;
}

class Inspection : public testing::Test {
 protected:
  Inspection()
      : port_([this](const ScsiRequest& request) {
          const auto found = answers_.find(request.cdb.operation_code());
          if (found == answers_.end()) return LoopbackPort::check_condition(Sense::invalid_operation_code());
          return found->second(request);
        }) {}
  void answer(std::uint8_t code, Data data) {
    answers_[code] = [data = std::move(data)](const ScsiRequest&) { return LoopbackPort::good(data); };
  }
  void answer(std::uint8_t code, const Sense& sense) {
    answers_[code] = [sense](const ScsiRequest&) { return LoopbackPort::check_condition(sense); };
  }
  Result<DeviceFacts, std::string> inspect() {
    std::optional<Result<DeviceFacts, std::string>> facts;
    const auto run = [](Shard& shard, InitiatorPort& port,
                        std::optional<Result<DeviceFacts, std::string>>& into) -> Task<void> {
      into.emplace(co_await inspect_device(shard, port));
    };
    EXPECT_TRUE(reactor_.run(run(reactor_.shard(), port_, facts)));
    return std::move(*facts);
  }
  std::size_t asked(std::uint8_t code) const {
    return static_cast<std::size_t>(
        std::ranges::count(port_.received, code, [](const auto& one) { return one.cdb.operation_code(); }));
  }

  SimulatedReactor reactor_;
  std::map<std::uint8_t, std::function<Reaction(const ScsiRequest&)>> answers_;
  LoopbackPort port_;
};

TEST_F(Inspection, ADiskTellsItsSizeAndItsTimeouts) {
  answer(0x12, inquiry_data(PeripheralDeviceType::block, 6));
  answer(0x25, {0, 0, 0x0f, 0xff, 0, 0, 0x02, 0});
  answer(0xa3, {0, 0, 0, 20, 0x2a, 0, 0, 0, 0, 2, 0, 10, 0, 10, 0, 0, 0, 0, 0, 1, 0, 0, 0, 99});
  const auto facts = inspect();
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(facts->type, PeripheralDeviceType::block);
  EXPECT_EQ(facts->vendor, "LAB");
  EXPECT_EQ(facts->product, "DRIVE 9");
  EXPECT_TRUE(facts->removable);
  EXPECT_EQ(facts->block_count, 4096u);
  EXPECT_EQ(facts->block_length, 512u);
  const std::array<std::uint8_t, 10> write{0x2a};
  EXPECT_EQ(facts->timeouts.of(*Cdb::from_transport(write)), std::chrono::seconds(99));
}

TEST_F(Inspection, ALargeOrProtectedDiskIsAskedOnceMore) {
  answer(0x12, inquiry_data(PeripheralDeviceType::block, 6, 0x01));
  answer(0x25, {0xff, 0xff, 0xff, 0xff, 0, 0, 0x02, 0});
  answer(0x9e, {0, 0, 0, 2, 0, 0, 0, 0, 0, 0, 0x10, 0, 0x01, 0, 0, 0});
  Data longer(32);
  longer[3] = 2;
  longer[10] = 0x10;
  longer[12] = 0x01;
  answer(0x9e, longer);
  const auto facts = inspect();
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(facts->block_count, (std::uint64_t{2} << 32) + 1);
  EXPECT_TRUE(facts->protected_medium);
}

TEST_F(Inspection, AnEmptyDriveIsADrive) {
  answer(0x12, inquiry_data(PeripheralDeviceType::optical, 5));
  answer(0x25, Sense::medium_not_present());
  const auto facts = inspect();
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(facts->block_length, 0u);
  EXPECT_EQ(asked(0xa3), 0u);  // which would be SEND KEY
}

TEST_F(Inspection, OldAndSimpleDevicesAreNotAskedWhatMightBreakThem) {
  answer(0x12, inquiry_data(PeripheralDeviceType::block, 2));
  ASSERT_TRUE(inspect().has_value());
  EXPECT_EQ(asked(0xa3), 0u);
}

TEST_F(Inspection, ATapeIsNotAskedForACapacity) {
  answer(0x12, inquiry_data(PeripheralDeviceType::tape, 6));
  ASSERT_TRUE(inspect().has_value());
  EXPECT_EQ(asked(0x25), 0u);
}

TEST_F(Inspection, WhatATapeSaysOfItselfIsReadOnceForTheTimeWhenItIsOccupied) {
  const Data long_page = [] {
    Data page(300, 7);
    page[1] = 0xc1;
    page[2] = 296 >> 8;
    page[3] = 296 & 0xff;
    return page;
  }();
  answers_[0x12] = [&](const ScsiRequest& request) {
    Data standard = inquiry_data(PeripheralDeviceType::tape, 6);
    standard.resize(110, 9);
    standard[4] = 105;
    const std::map<unsigned, Data> pages{
        {0x00, {1, 0, 0, 4, 0x00, 0x80, 0xc0, 0xc1}}, {0x80, {1, 0x80, 0, 2, 'A', 'B', 0, 0}}, {0xc1, long_page}};
    Data data = standard;
    if ((request.cdb[1] & 1) != 0) {
      const auto page = pages.find(request.cdb[2]);
      if (page == pages.end()) return LoopbackPort::check_condition(Sense::invalid_field_in_cdb());
      data = page->second;
    }
    data.resize(std::min(data.size(), request.data.size()));
    return LoopbackPort::good(data);
  };
  const auto facts = inspect();
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(facts->standard_inquiry.size(), 110u);
  EXPECT_EQ(facts->standard_inquiry[109], 9);
  ASSERT_EQ(facts->vital_pages.size(), 3u) << "the one that is listed and refused is not known";
  EXPECT_EQ(facts->vital_pages.at(0x80), (Data{1, 0x80, 0, 2, 'A', 'B'})) << "no more than it says";
  EXPECT_EQ(facts->vital_pages.at(0xc1), long_page);
}

TEST_F(Inspection, APageForWhichThereIsNoAnswerIsTheLastOneThatIsAskedFor) {
  unsigned asked_for_last = 0;
  answers_[0x12] = [&asked_for_last](const ScsiRequest& request) {
    if ((request.cdb[1] & 1) == 0) return LoopbackPort::good(inquiry_data(PeripheralDeviceType::tape, 3));
    if (request.cdb[2] == 0x00) return LoopbackPort::good({1, 0, 0, 3, 0x00, 0xc0, 0xc1});
    if (request.cdb[2] == 0xc1) ++asked_for_last;
    Reaction reaction;
    reaction.result.host_status = HostStatus::time_out;
    return reaction;
  };
  const auto facts = inspect();
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(facts->vital_pages.size(), 1u);
  EXPECT_EQ(asked_for_last, 0u);
}

TEST_F(Inspection, ATapeThatKnowsNoPagesIsKnownByItsStandardData) {
  answers_[0x12] = [](const ScsiRequest& request) {
    if ((request.cdb[1] & 1) != 0) return LoopbackPort::check_condition(Sense::invalid_field_in_cdb());
    return LoopbackPort::good(inquiry_data(PeripheralDeviceType::tape, 3));
  };
  const auto facts = inspect();
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(facts->standard_inquiry.size(), 36u);
  EXPECT_TRUE(facts->vital_pages.empty());
}

TEST_F(Inspection, UnitAttentionsAndABusyMomentAreWaitedOut) {
  int unit_attentions = 3, busy = 2;
  answers_[0x12] = [&](const ScsiRequest&) {
    if (busy-- > 0) {
      Reaction reaction;
      reaction.result.status = Status::busy;
      return reaction;
    }
    return LoopbackPort::good(inquiry_data(PeripheralDeviceType::block, 6));
  };
  answers_[0x25] = [&](const ScsiRequest&) {
    if (unit_attentions-- > 0) return LoopbackPort::check_condition(Sense::power_on_or_reset());
    return LoopbackPort::good({0, 0, 0, 9, 0, 0, 0x10, 0});
  };
  const auto facts = inspect();
  ASSERT_TRUE(facts.has_value());
  EXPECT_EQ(facts->block_length, 4096u);
}

TEST_F(Inspection, ADeviceThatSaysNothingIsRefusedWithAReason) {
  answers_[0x12] = [](const ScsiRequest&) {
    Reaction reaction;
    reaction.result.host_status = HostStatus::time_out;
    return reaction;
  };
  auto facts = inspect();
  ASSERT_FALSE(facts.has_value());
  EXPECT_EQ(facts.error(), "no answer in time");
  answers_[0x12] = [](const ScsiRequest&) { return LoopbackPort::fault(ScsiResult::Fault::offline, false); };
  EXPECT_EQ(inspect().error(), "the kernel has taken it offline");
  answer(0x12, Data{0, 0});
  EXPECT_EQ(inspect().error(), "only 2 bytes of INQUIRY data");
}

TEST_F(Inspection, TheSerialNumberIsReadFromItsPage) {
  answers_[0x12] = [](const ScsiRequest& request) {
    if ((request.cdb[1] & 1) == 0) return LoopbackPort::good(inquiry_data(PeripheralDeviceType::block, 6));
    return LoopbackPort::good({0, 0x80, 0, 6, ' ', ' ', 'A', 'B', '1', ' '});
  };
  EXPECT_EQ(inspect()->serial_number, "AB1");
}

}  // namespace
}  // namespace tgt
