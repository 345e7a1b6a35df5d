// SPDX-License-Identifier: Apache-2.0
#include "management/state_files.h"

#include <gmock/gmock.h>

#include <filesystem>
#include <fstream>

#include "reactor/simulated_reactor.h"

namespace tgt {
namespace {

namespace fs = std::filesystem;
using ::testing::HasSubstr;

class NamedDevice final : public DeviceServer {
 public:
  explicit NamedDevice(std::string name) : name_(std::move(name)) {}
  PeripheralDeviceType type() const override { return PeripheralDeviceType::block; }
  Result<const CommandTraits*, Sense> decode(const Cdb&) const override {
    return failure(Sense::invalid_operation_code());
  }
  Task<void> close(Shard&) override { co_return; }
  Description describe() const override { return {}; }
  std::string lasting_name() const override { return name_; }
  bool keep_state_in(std::unique_ptr<StateStore> store, std::optional<Bytes> saved_before) override {
    store_ = std::move(store);
    saved_before_ = saved_before ? std::string(saved_before->begin(), saved_before->end()) : "nothing";
    return saved_before_ != "damaged";
  }

  bool keep_medium_state_in(std::unique_ptr<StateStore> store, std::optional<Bytes> saved_before) override {
    if (medium_is_at_work) return false;
    medium_store_ = std::move(store);
    medium_before_ = saved_before ? std::string(saved_before->begin(), saved_before->end()) : "nothing";
    return medium_before_ != "damaged";
  }
  const std::string& medium_before() const { return medium_before_; }
  bool medium_is_at_work = false;

  StateStore& store() { return *store_; }
  const std::string& saved_before() const { return saved_before_; }

 private:
  std::string name_;
  std::unique_ptr<StateStore> store_;
  std::string saved_before_ = "not asked";
  std::unique_ptr<StateStore> medium_store_;
  std::string medium_before_ = "not asked";
};

class StateFilesTest : public testing::Test {
 protected:
  StateFilesTest() {
    std::string name = testing::TempDir() + "state-XXXXXX";
    folder_ = ::mkdtemp(name.data());
    auto files = StateFiles::open(folder_, Log::silent());
    if (files) files_ = std::move(*files);
  }
  ~StateFilesTest() override { fs::remove_all(folder_); }

  std::shared_ptr<LogicalUnit> unit(const std::string& name) {
    return std::make_shared<LogicalUnit>(std::make_unique<NamedDevice>(name), std::vector<Shard*>{&reactor_.shard()});
  }
  // What was wrong; empty when nothing was.
  std::string attach(const std::shared_ptr<LogicalUnit>& to) {
    std::string fault = "did not end";
    reactor_.run(
        [](StateFiles& files, Shard& shard, std::shared_ptr<LogicalUnit> which, std::string& wrong) -> Task<void> {
          const auto attached = co_await files.attach(shard, which);
          wrong = attached ? std::string() : attached.error();
        }(*files_, reactor_.shard(), to, fault));
    return fault;
  }
  std::string move(const std::shared_ptr<LogicalUnit>& which, const std::string& to) {
    std::string fault = "did not end";
    reactor_.run([](StateFiles& files, Shard& shard, std::shared_ptr<LogicalUnit> unit, std::string name,
                    std::string& wrong) -> Task<void> {
      const auto moved = co_await files.move(shard, unit, std::move(name));
      wrong = moved ? std::string() : moved.error();
    }(*files_, reactor_.shard(), which, to, fault));
    return fault;
  }
  void put(const std::string& file, Bytes content) const {
    std::ofstream(folder_ + "/" + file, std::ios::binary)
        .write(reinterpret_cast<const char*>(content.data()), static_cast<std::streamsize>(content.size()));
  }
  static NamedDevice& device_of(const std::shared_ptr<LogicalUnit>& unit) {
    return static_cast<NamedDevice&>(unit->device());
  }
  bool save(const std::shared_ptr<LogicalUnit>& unit, std::string_view text) {
    bool safe = false;
    reactor_.run([](StateStore& store, Shard& shard, std::vector<std::uint8_t> blob, bool& done) -> Task<void> {
      done = co_await store.save(shard, std::move(blob));
    }(device_of(unit).store(), reactor_.shard(), {text.begin(), text.end()}, safe));
    return safe;
  }
  void put_text(const std::string& file, std::string_view text) const {
    put(file, {reinterpret_cast<const std::uint8_t*>(text.data()), text.size()});
  }
  static PersistentState one_registration() {
    const NexusIdentity nexus{.initiator = {.name = "iqn.a", .isid = {1}}, .target = "iqn.t"};
    return {.activate_persist_through_power_loss = true,
            .registrations = {{.key = 7, .nexus = nexus}},
            .reservation = Reservation{.type = ReservationType::exclusive_access, .holder = nexus}};
  }

  SimulatedReactor reactor_;
  std::string folder_;
  std::unique_ptr<StateFiles> files_;
};

TEST_F(StateFilesTest, AUnitWithoutAFileBeginsWithoutReservationsAndCanKeepThem) {
  const auto fresh = unit("naa.1");
  EXPECT_EQ(attach(fresh), "");
  EXPECT_TRUE(fresh->reservations().can_persist());
  EXPECT_EQ(fresh->reservations().persistent_state(), PersistentState{});
}

TEST_F(StateFilesTest, AUnitFindsItsOwnReservationsByItsName) {
  put("naa.1.reservations", encode_persistent_state(one_registration()));
  const auto known = unit("naa.1");
  const auto other = unit("naa.2");
  EXPECT_EQ(attach(known), "");
  EXPECT_EQ(attach(other), "");
  EXPECT_EQ(known->reservations().persistent_state(), one_registration());
  EXPECT_EQ(other->reservations().persistent_state(), PersistentState{});
}

TEST_F(StateFilesTest, NoDamagedFileIsUsedAndTheFaultNamesIt) {
  const std::vector<std::uint8_t> good = encode_persistent_state(one_registration());
  for (std::size_t at = 0; at < good.size(); ++at) {
    std::vector<std::uint8_t> bad = good;
    bad[at] ^= 0x10;
    put("naa.1.reservations", bad);
    EXPECT_THAT(attach(unit("naa.1")), HasSubstr(folder_ + "/naa.1.reservations: damaged")) << at;
    put("naa.1.reservations", Bytes(good).first(at));
    EXPECT_THAT(attach(unit("naa.1")), HasSubstr("remove the file")) << at;
  }
}

TEST_F(StateFilesTest, NamesNeverLeaveTheFolder) {
  put("%2E.%2Fup%20%C3%A9.reservations", encode_persistent_state(one_registration()));
  const auto odd = unit("../up \xc3\xa9");
  EXPECT_EQ(attach(odd), "");
  EXPECT_EQ(odd->reservations().persistent_state(), one_registration());
}

TEST_F(StateFilesTest, AUnitWithoutALastingNameKeepsNothing) {
  for (const auto& nameless : {unit(""), unit(std::string(300, 'x'))}) {
    EXPECT_EQ(attach(nameless), "");
    EXPECT_FALSE(nameless->reservations().can_persist());
  }
}

TEST_F(StateFilesTest, OfTwoUnitsOfOneNameTheFirstHasTheFileUntilItGoes) {
  auto first = unit("naa.1");
  EXPECT_EQ(attach(first), "");
  first->mapped();
  const auto second = unit("naa.1");
  EXPECT_EQ(attach(second), "");
  EXPECT_FALSE(second->reservations().can_persist());
  first.reset();
  const auto third = unit("naa.1");
  EXPECT_EQ(attach(third), "");
  EXPECT_TRUE(third->reservations().can_persist());
}

// Whoever is mapped keeps its name: nothing is waited for, and no unit stands still meanwhile.
TEST_F(StateFilesTest, AUnitThatIsRenamedToTheNameOfAMappedOneKeepsNothingFromThenOnAtOnce) {
  const auto first = unit("naa.1");
  EXPECT_EQ(attach(first), "");
  first->mapped();
  const auto second = unit("naa.2");
  EXPECT_EQ(attach(second), "");
  const TimePoint before = reactor_.shard().now();
  EXPECT_EQ(move(second, "naa.1"), "");
  EXPECT_LT(reactor_.shard().now() - before, 1s);
  EXPECT_FALSE(second->reservations().can_persist());
}

// A fenced host could write to a unit that does not know of its reservation.
TEST_F(StateFilesTest, AUnitIsNotServedWhileItsFormerOneHoldsCommandsThatMayStillSave) {
  put("naa.1.reservations", encode_persistent_state(one_registration()));
  auto former = unit("naa.1");
  EXPECT_EQ(attach(former), "");
  former->mapped();
  former->unmapped();
  EXPECT_THAT(attach(unit("naa.1")), HasSubstr("naa.1: the former unit of this name still holds commands"));
  former.reset();
  const auto again = unit("naa.1");
  EXPECT_EQ(attach(again), "");
  EXPECT_EQ(again->reservations().persistent_state(), one_registration());
}

TEST_F(StateFilesTest, WhatADeviceSavesIsThereForTheNextOneOfItsName) {
  auto first = unit("naa.1");
  EXPECT_EQ(attach(first), "");
  EXPECT_EQ(device_of(first).saved_before(), "nothing");
  EXPECT_TRUE(save(first, "older"));
  EXPECT_TRUE(save(first, "what it wants"));
  first.reset();
  const auto again = unit("naa.1");
  const auto other = unit("naa.2");
  EXPECT_EQ(attach(again), "");
  EXPECT_EQ(attach(other), "");
  EXPECT_EQ(device_of(again).saved_before(), "what it wants");
  EXPECT_EQ(device_of(other).saved_before(), "nothing");
}

TEST_F(StateFilesTest, SettingsThatTheDeviceDoesNotKnowAreAFaultThatNamesTheirFile) {
  put_text("naa.1.settings", "damaged");
  EXPECT_THAT(attach(unit("naa.1")), HasSubstr(folder_ + "/naa.1.settings: damaged"));
  fs::remove(folder_ + "/naa.1.settings");
  fs::create_directory(folder_ + "/naa.1.settings");
  EXPECT_THAT(attach(unit("naa.1")), HasSubstr("identifying information of this logical unit cannot be read"));
  fs::remove(folder_ + "/naa.1.settings");
  EXPECT_EQ(attach(unit("naa.1")), "");
}

TEST_F(StateFilesTest, SpoiltMediaAreInAFileOfTheirOwn) {
  put_text("naa.1.media", "spoilt");
  const auto one = unit("naa.1");
  EXPECT_EQ(attach(one), "");
  EXPECT_EQ(device_of(one).medium_before(), "spoilt");
  EXPECT_EQ(device_of(one).saved_before(), "nothing");
  put_text("naa.2.media", "damaged");
  EXPECT_THAT(attach(unit("naa.2")), HasSubstr(folder_ + "/naa.2.media: damaged"));
}

TEST_F(StateFilesTest, AUnitThatGetsAnotherNameHasWhatIsKeptUnderThatAndLeavesTheRest) {
  put("naa.1.reservations", encode_persistent_state(one_registration()));
  put_text("naa.1.settings", "of one");
  put_text("naa.2.settings", "of two");
  put_text("naa.2.media", "spoilt");
  const auto changed = unit("naa.1");
  EXPECT_EQ(attach(changed), "");
  EXPECT_EQ(move(changed, "naa.2"), "");
  EXPECT_EQ(changed->reservations().persistent_state(), PersistentState{});
  EXPECT_EQ(device_of(changed).saved_before(), "of two");
  EXPECT_EQ(device_of(changed).medium_before(), "spoilt");
  EXPECT_TRUE(save(changed, "new of two"));
  const auto one = unit("naa.1");
  EXPECT_EQ(attach(one), "");
  EXPECT_EQ(one->reservations().persistent_state(), one_registration());
  EXPECT_EQ(device_of(one).saved_before(), "of one");
}

TEST_F(StateFilesTest, AUnitWhoseRegistrationsAreNowhereElseKeepsItsName) {
  PersistentState volatile_state = one_registration();
  volatile_state.activate_persist_through_power_loss = false;
  put("naa.1.reservations", encode_persistent_state(volatile_state));
  const auto one = unit("naa.1");
  EXPECT_EQ(attach(one), "");
  EXPECT_THAT(move(one, "naa.2"), HasSubstr("reservations"));
  EXPECT_EQ(one->reservations().persistent_state(), volatile_state);
  EXPECT_TRUE(one->reservations().can_persist());
}

TEST_F(StateFilesTest, AUnitThatWorksOnItsMediumKeepsItsName) {
  put("naa.1.reservations", encode_persistent_state(one_registration()));
  const auto one = unit("naa.1");
  EXPECT_EQ(attach(one), "");
  device_of(one).medium_is_at_work = true;
  EXPECT_THAT(move(one, "naa.2"), HasSubstr("sanitized"));
  EXPECT_EQ(one->reservations().persistent_state(), one_registration());
}

TEST_F(StateFilesTest, WhatIsWrongUnderTheOtherNameLeavesTheUnitAsItWas) {
  put("naa.1.reservations", encode_persistent_state(one_registration()));
  put_text("naa.1.settings", "of one");
  for (const std::string kind : {"reservations", "settings", "media"}) {
    put_text("naa.2." + kind, "damaged");
    const auto one = unit("naa.1");
    EXPECT_EQ(attach(one), "");
    EXPECT_THAT(move(one, "naa.2"), HasSubstr(folder_ + "/naa.2." + kind + ": damaged"));
    EXPECT_EQ(one->reservations().persistent_state(), one_registration());
    EXPECT_EQ(device_of(one).saved_before(), "of one");
    EXPECT_TRUE(save(one, "of one"));
    fs::remove(folder_ + "/naa.2." + kind);
  }
  EXPECT_FALSE(fs::exists(folder_ + "/naa.2.settings"));
}

TEST_F(StateFilesTest, WhatCannotBeWrittenIsNotSaid) {
  const auto one = unit("naa.1");
  EXPECT_EQ(attach(one), "");
  fs::create_directories(folder_ + "/naa.1.settings.new/in the way");
  EXPECT_FALSE(save(one, "anything"));
}

TEST_F(StateFilesTest, AUnitOfATakenNameKeepsNothing) {
  const auto first = unit("naa.1");
  EXPECT_EQ(attach(first), "");
  first->mapped();
  const auto second = unit("naa.1");
  EXPECT_EQ(attach(second), "");
  EXPECT_EQ(device_of(second).saved_before(), "not asked");
}

TEST_F(StateFilesTest, AFolderThatCannotBeUsedIsToldWithTheReason) {
  const auto second = StateFiles::open(folder_, Log::silent());
  ASSERT_FALSE(second.has_value());
  EXPECT_EQ(second.error(), folder_ + ": another tgtd uses it");
  const auto nowhere = StateFiles::open("/proc/tgt", Log::silent());
  ASSERT_FALSE(nowhere.has_value());
  EXPECT_THAT(nowhere.error(), HasSubstr("/proc/tgt: "));
}

}  // namespace
}  // namespace tgt
