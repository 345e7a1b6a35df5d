// SPDX-License-Identifier: Apache-2.0
#include <spdlog/sinks/ostream_sink.h>

#include <filesystem>
#include <fstream>
#include <sstream>

#include "management/management_fixture.h"

namespace tgt {
namespace {

using ::testing::HasSubstr;
using ::testing::Not;

TEST_F(ManagementTest, ASettingIsTakenWhenItHoldsForWhatWasDoneBeforeToo) {
  make_target(1);
  expect_done(management_.create_logical_unit(unit(1)));
  expect_done(management_.update_logical_unit(1, 1, {{.name = "setting", .value = "1"}}));
  expect_refused(ManagementErrorCode::invalid_request,
                 management_.update_logical_unit(1, 1, {{.name = "colour", .value = "red"}}));
  factory_.opened[0]->behaviour().unsettled = Sense::write_error();
  expect_refused(ManagementErrorCode::invalid_request,
                 management_.update_logical_unit(1, 1, {{.name = "setting", .value = "1"}}));
}

TEST_F(ManagementTest, AUnitThatIsRemovedWhileASettingIsWaitedForTakesNoMoreSettings) {
  Event settled;
  factory_.settle_waits_for = &settled;
  make_target(1);
  expect_done(management_.create_logical_unit(unit(1)));
  const auto held = targets_.find(1)->find(Lun{1});
  std::optional<ManagementResult> result;
  spawn([](Task<ManagementResult> update, std::optional<ManagementResult>& to) -> Task<void> {
    to.emplace(co_await std::move(update));
  }(management_.update_logical_unit(1, 1, {{.name = "first", .value = "1"}, {.name = "second", .value = "1"}}),
                                                                               result));
  EXPECT_EQ(factory_.slow->configured, 1u);
  expect_done(management_.remove_logical_unit(1, 1));
  expect_done(management_.create_logical_unit(unit(1)));
  settled.set();
  ASSERT_TRUE(result);
  ASSERT_FALSE(result->has_value());
  EXPECT_EQ(result->error().code, ManagementErrorCode::no_logical_unit);
  EXPECT_EQ(factory_.slow->configured, 0u) << "another one by now";
}

TEST_F(ManagementTest, ASettingThatIsNotSettledInTimeIsAnsweredAndHoldsUpNoOther) {
  Event settled;
  factory_.settle_waits_for = &settled;
  make_target(1);
  Management::Dependencies impatient = dependencies();
  impatient.patience.device = 0s;
  Management management(std::move(impatient));
  expect_done(management.create_logical_unit(unit(1)));
  const auto refused = run(management.update_logical_unit(1, 1, {{.name = "cache", .value = "0"}}));
  ASSERT_FALSE(refused.has_value());
  EXPECT_THAT(refused.error().detail, HasSubstr("target 1 LUN 1: cache=0: the device does not come to an end"));
  expect_done(management.update_logical_unit(1, 1, {{.name = "plain", .value = "1"}}));
  EXPECT_EQ(factory_.slow->configured, 2u);
  settled.set();
}

TEST_F(ManagementTest, AMediumThatAnInitiatorHoldsIsRefusedInTheWordsForThat) {
  make_target(1);
  expect_done(management_.create_logical_unit(unit(1)));
  expect_refused(ManagementErrorCode::removal_prevented,
                 management_.update_logical_unit(1, 1, {{.name = "online", .value = "0"}}));
}

TEST_F(ManagementTest, EveryRefusedSettingIsLoggedWhateverComesOfTheLastOne) {
  std::ostringstream lines;
  Management::Dependencies with = dependencies();
  with.log = Log(std::make_shared<spdlog::logger>("test", std::make_shared<spdlog::sinks::ostream_sink_mt>(lines)));
  Management management(std::move(with));
  make_target(1);
  expect_done(management.create_logical_unit(unit(1)));
  expect_done(
      management.update_logical_unit(1, 1, {{.name = "colour", .value = "red"}, {.name = "setting", .value = "1"}}));
  EXPECT_THAT(lines.str(), HasSubstr("target 1 LUN 1: colour=red: no"));
}

// As a device that is given its identity by a cluster's agent.
TEST_F(ManagementTest, AllThatMakesANameIsTakenAtOnceOrNotAtAll) {
  std::string folder = testing::TempDir() + "names-XXXXXX";
  ASSERT_NE(::mkdtemp(folder.data()), nullptr);
  {
    const auto files = StateFiles::open(folder, Log::silent());
    ASSERT_TRUE(files.has_value());
    Management::Dependencies with = dependencies();
    with.state_files = files->get();
    Management management(std::move(with));
    factory_.names_are_kept = true;
    make_target(1);
    expect_done(management.create_logical_unit(unit(1)));
    std::ofstream(folder + "/A-B.settings") << "damaged";
    const std::vector<Parameter> both{{.name = "scsi_id", .value = "A"}, {.name = "scsi_sn", .value = "B"}};
    expect_refused(ManagementErrorCode::invalid_request, management.update_logical_unit(1, 1, both));
    EXPECT_THAT(shown_targets(), testing::AllOf(HasSubstr("SCSI ID: id\n"), HasSubstr("SCSI SN: sn\n")));
    std::filesystem::remove(folder + "/A-B.settings");
    std::ofstream(folder + "/A-sn.settings") << "damaged";
    expect_done(management.update_logical_unit(1, 1, both));
    EXPECT_THAT(shown_targets(), testing::AllOf(HasSubstr("SCSI ID: A\n"), HasSubstr("SCSI SN: B\n")));
    expect_done(management.remove_target(1, Removal::when_idle));
  }
  std::filesystem::remove_all(folder);
}

}  // namespace
}  // namespace tgt
