// SPDX-License-Identifier: Apache-2.0
#include "device/disk/copy/extended_copy.h"

#include "core/reservations/reservations.h"
#include "core/task_manager.h"
#include "device/disk/copy/copy_bench.h"
#include "scsi/copy_sense.h"

namespace tgt {
namespace {

using Where = FieldPointer::Where;

class ExtendedCopyTest : public CopyFixture, public Session {
 public:
  void end(SessionEnd) override {}

 protected:
  // Another initiator, logged in to the same target.
  void log_another_in() { ASSERT_TRUE(bench().reactor().run(open_another())); }
  void log_another_out() { ASSERT_TRUE(bench().reactor().run(close_another())); }
  Task<void> log_out() { co_await bench().target().close_nexus(bench().shared_nexus()); }
  ItlNexus& another(std::uint32_t lun) { return *another_->itl(Lun{lun}); }

  std::optional<TaskManagementResponse> manage(TaskManagementFunction function, std::uint32_t lun) {
    std::optional<TaskManagementResponse> response;
    const TaskManager::Request request{
        .function = function, .lun = Lun{lun}.to_wire(), .referenced_tag = bench().latest_tag()};
    bench().reactor().run(perform(request, response));
    return response;
  }

  // What the mixed interleavings need: stores that take their time.
  void slow_down() {
    for (const std::uint32_t lun : {0u, 1u}) store(lun).script().takes = 1ms;
  }

  // A copy of two mebibytes between LUN 0, whose store is slow, and LUN 1, where no task is just now: the first
  // mebibyte has been moved there, or has been read there; the second one not.
  static constexpr std::size_t two_mebibytes = 4096;
  std::shared_ptr<Answer> copy_half(std::uint16_t from, std::uint16_t to) {
    bench().send_to(Lun{1}, test_unit_ready);
    put(from, 0, pattern(two_mebibytes, 3));
    store(0).script().takes = 100ms;
    const List list = list_of({cscd(0), cscd(1)}, {segment(from, to, two_mebibytes, 0, 0)});
    auto answer = bench().start(Lun{0}, copy_cdb(list.size()), list);
    bench().reactor().advance(from == 0 ? 150ms : 50ms);
    return answer;
  }
  void expect_half_a_copy(const Answer& answer) {
    expect_sense(answer, copy_sense::third_party_device_failure);
    store(0).script().takes = {};
  }
  void reserve_out(ItlNexus& by, PersistentReserveOutRequest request) {
    request.nexus = identity_of(by);
    bench().reactor().run([](ItlNexus& itl, PersistentReserveOutRequest what) -> Task<void> {
      const auto changed = co_await itl.unit().reservations().change(itl, std::move(what), [] { return false; });
      EXPECT_TRUE(changed.has_value());
    }(by, std::move(request)));
  }
  const List test_unit_ready{0, 0, 0, 0, 0, 0};
  static List compare_and_write() {
    List cdb(16);
    cdb[0] = 0x89;
    cdb[8] = 0x0c;
    cdb[13] = 1;
    return cdb;
  }

 private:
  Task<void> open_another() {
    Nexus::Properties properties;
    properties.id = 2;
    properties.initiator.name = "iqn.another";
    auto opened = co_await bench().target().open_nexus(bench().reactor().shard(), *this, properties);
    another_ = std::move(*opened);
  }
  Task<void> perform(TaskManager::Request request, std::optional<TaskManagementResponse>& response) {
    TaskManager manager(TaskManager::Limits{});
    response = co_await manager.perform(bench().nexus(), request);
  }
  Task<void> close_another() { co_await bench().target().close_nexus(std::exchange(another_, nullptr)); }
  std::shared_ptr<Nexus> another_;
};

TEST_F(ExtendedCopyTest, BetweenStoresThatNeverWaitLetsOthersHaveTheirTurnAndHeedsAnAbort) {
  std::vector<third_party_copy::BlockToBlockSegment> segments(100, segment(0, 1, 2048, 0, 0));
  const List list = list_of({cscd(0), cscd(1)}, segments);
  bench().send_to(Lun{1}, {0, 0, 0, 0, 0, 0});  // takes the unit attention of the login
  const auto copying = bench().start(Lun{0}, copy_cdb(list.size()), list);
  EXPECT_EQ(manage(TaskManagementFunction::abort_task, 0), TaskManagementResponse::function_complete);
  EXPECT_FALSE(copying->answered);
  const auto again = bench().start(Lun{0}, copy_cdb(list.size()), list);
  EXPECT_EQ(bench().send_to(Lun{1}, {0, 0, 0, 0, 0, 0}).status, Status::good);
  EXPECT_FALSE(again->answered);
  bench().reactor().settle();
  EXPECT_EQ(again->status, Status::good);
}

TEST_F(ExtendedCopyTest, CopiesBlocksToAnotherDiskOfTheTarget) {
  put(0, 10, pattern(300, 3));
  EXPECT_EQ(copy(list_of({cscd(0), cscd(1)}, {segment(0, 1, 300, 10, 77)})).status, Status::good);
  EXPECT_EQ(get(1, 77, 300), pattern(300, 3));
  EXPECT_EQ(get(1, 76, 1), List(512));
  EXPECT_EQ(get(1, 377, 1), List(512));
}

TEST_F(ExtendedCopyTest, CopiesMoreThanOneBufferHolds) {
  put(0, 0, pattern(4096, 9));
  EXPECT_EQ(copy(list_of({cscd(0), cscd(1)}, {segment(0, 1, 4096, 0, 0)})).status, Status::good);
  EXPECT_EQ(get(1, 0, 4096), pattern(4096, 9));
}

TEST_F(ExtendedCopyTest, CopiesBetweenTwoOtherDisks) {
  add(2, make_disk(1, 3));
  put(1, 0, pattern(2, 5));
  EXPECT_EQ(copy(list_of({cscd(2), cscd(1)}, {segment(1, 0, 2, 0, 4)})).status, Status::good);
  EXPECT_EQ(get(2, 4, 2), pattern(2, 5));
}

TEST_F(ExtendedCopyTest, TakesItsOwnUnitByItsWellKnownIdentifier) {
  put(0, 0, pattern(1, 8));
  EXPECT_EQ(copy(list_of({}, {segment(0xffff, 0xffff, 1, 0, 9)})).status, Status::good);
  EXPECT_EQ(get(0, 9, 1), pattern(1, 8));
}

TEST_F(ExtendedCopyTest, TakesTheVendorBasedDesignatorToo) {
  put(0, 0, pattern(1, 8));
  auto source = cscd(0);
  const std::string name = "IET     IET     00010001";
  source.code_set = 2;
  source.association_and_type = 1;
  source.designator_length = 20;
  copy_bytes(Bytes(reinterpret_cast<const std::uint8_t*>(name.data()), 20), MutableBytes(source.designator));
  expect_sense(copy(list_of({source, cscd(1)}, {segment(0, 1, 1, 0, 0)})),
               copy_sense::copy_target_device_not_reachable);
  ASSERT_TRUE(disk(0).configure("scsi_id", "short"));
  source.designator_length = 13;
  copy_bytes(Bytes(reinterpret_cast<const std::uint8_t*>("IET     short"), 13), MutableBytes(source.designator));
  EXPECT_EQ(copy(list_of({source, cscd(1)}, {segment(0, 1, 1, 0, 0)})).status, Status::good);
  EXPECT_EQ(get(1, 0, 1), pattern(1, 8));
}

TEST_F(ExtendedCopyTest, OverlappingRangesOfOneDiskAreCopiedAsIfReadBefore) {
  put(0, 0, pattern(4000, 1));
  EXPECT_EQ(copy(list_of({cscd(0)}, {segment(0, 0, 4000, 0, 96)})).status, Status::good);
  EXPECT_EQ(get(0, 96, 4000), pattern(4000, 1));
  EXPECT_EQ(copy(list_of({cscd(0)}, {segment(0, 0, 4000, 96, 33)})).status, Status::good);
  EXPECT_EQ(get(0, 33, 4000), pattern(4000, 1));
}

TEST_F(ExtendedCopyTest, WithoutAListThereIsNothingToDo) {
  EXPECT_EQ(bench().send(copy_cdb(0)).status, Status::good);
  EXPECT_EQ(copy(list_of({}, {})).status, Status::good);
}

// CVE-2020-28374.
TEST_F(ExtendedCopyTest, AUnitOfAnotherTargetLooksLikeOneThatDoesNotExist) {
  auto invented = cscd(1);
  invented.designator[7] ^= 1;
  for (const auto& hidden : {cscd_elsewhere(), invented}) {
    const Answer read = copy(list_of({hidden, cscd(1)}, {segment(0, 1, 1, 0, 0)}));
    expect_sense(read, copy_sense::copy_target_device_not_reachable);
    expect_pointer(read, Where::segment_descriptor, 4);
    const Answer written = copy(list_of({cscd(1), hidden}, {segment(0, 1, 1, 0, 0)}));
    expect_sense(written, copy_sense::copy_target_device_not_reachable);
    expect_pointer(written, Where::segment_descriptor, 6);
    auto lying = hidden;  // wrong in other ways too: nothing of that may show
    lying.flags_and_device_type = 1;
    lying.disk_block_length = 4096u;
    expect_sense(copy(list_of({lying, cscd(1)}, {segment(0, 1, 1, blocks, 0)})),
                 copy_sense::copy_target_device_not_reachable);
  }
}

TEST_F(ExtendedCopyTest, AUnitThatWasUnmappedIsNotReachable) {
  const auto gone = cscd(1);
  struct Unmap {
    static Task<void> run(Target& target, Shard& shard) {
      static_cast<void>(co_await target.unmap(shard, Lun{1}, Target::WhenActive::abort_tasks));
    }
  };
  ASSERT_TRUE(bench().reactor().run(Unmap::run(bench().target(), bench().reactor().shard())));
  bench().send({0, 0, 0, 0, 0, 0});
  expect_sense(copy(list_of({gone, cscd(0)}, {segment(0, 1, 1, 0, 0)})), copy_sense::copy_target_device_not_reachable);
}

TEST_F(ExtendedCopyTest, ADesignatorThatTwoUnitsClaimNamesNone) {
  ASSERT_TRUE(disk(0).configure("scsi_id", "twice"));
  ASSERT_TRUE(disk(0).configure("scsi_sn", "twice"));
  ASSERT_TRUE(disk(1).configure("scsi_id", "twice"));
  ASSERT_TRUE(disk(1).configure("scsi_sn", "twice"));
  expect_sense(copy(list_of({cscd(0)}, {segment(0, 0, 1, 0, 1)})), copy_sense::copy_target_device_not_reachable);
}

TEST_F(ExtendedCopyTest, ANullDeviceOrAnUnknownIdentifierIsNotReachable) {
  auto null_device = cscd(0);
  null_device.flags_and_device_type = 0x20;
  expect_sense(copy(list_of({null_device}, {segment(0, 0, 1, 0, 1)})), copy_sense::copy_target_device_not_reachable);
  const Answer answer = copy(list_of({cscd(0)}, {segment(0, 0, 1, 0, 1), segment(0, 1, 1, 0, 1)}));
  expect_sense(answer, copy_sense::unreachable_copy_target);
  expect_pointer(answer, Where::segment_descriptor, 6);
  EXPECT_EQ(answer.sense->command_specific, 1u);
}

TEST_F(ExtendedCopyTest, DescriptorsThatSayWhatTheDiskIsNotAreRefused) {
  auto wrong = cscd(1);
  wrong.flags_and_device_type = 0x01;
  expect_sense(copy(list_of({cscd(0), wrong}, {segment(0, 1, 1, 0, 1)})),
               copy_sense::incorrect_copy_target_device_type);
  wrong = cscd(1);
  wrong.disk_block_length = 4096u;
  expect_bad_list_field(copy(list_of({cscd(0), wrong}, {segment(0, 1, 1, 0, 1)})), 16 + 32 + 29);
}

TEST_F(ExtendedCopyTest, NothingIsCopiedWhenALaterSegmentIsOutOfRange) {
  put(0, 0, pattern(1, 4));
  const Answer source = copy(list_of({cscd(0), cscd(1)}, {segment(0, 1, 1, 0, 0), segment(0, 1, 2, blocks - 1, 0)}));
  expect_sense(source, copy_sense::segment_out_of_range);
  expect_pointer(source, Where::segment_descriptor, 12);
  EXPECT_EQ(source.sense->command_specific, 1u);
  const Answer destination = copy(list_of({cscd(0), cscd(1)}, {segment(0, 1, 2, 0, ~std::uint64_t{0})}));
  expect_sense(destination, copy_sense::segment_out_of_range);
  expect_pointer(destination, Where::segment_descriptor, 20);
  EXPECT_EQ(get(1, 0, 1), List(512));
}

TEST_F(ExtendedCopyTest, CountsBlocksOfTheEndThatTheListSays) {
  add(2, make_disk(1, 3, {}, {.block_size = {.exponent = 12}}));
  put(0, 0, pattern(16, 6));
  auto by_destination = segment(0, 1, 2, 0, 3);
  by_destination.header.flags = 0x02;
  EXPECT_EQ(copy(list_of({cscd(0), cscd(2)}, {by_destination})).status, Status::good);
  EXPECT_EQ(get(2, 3, 2), pattern(16, 6));
  EXPECT_EQ(copy(list_of({cscd(0), cscd(2)}, {segment(0, 1, 8, 8, 0)})).status, Status::good);
  const Answer part = copy(list_of({cscd(0), cscd(2)}, {segment(0, 1, 9, 0, 0)}));
  expect_sense(part, copy_sense::unexpected_inexact_segment);
  expect_pointer(part, Where::segment_descriptor, 10);
}

TEST_F(ExtendedCopyTest, AWriteProtectedDestinationFailsTheSegment) {
  ASSERT_TRUE(disk(1).configure("readonly", "1"));
  put(0, 0, pattern(1, 4));
  const Answer answer = copy(list_of({cscd(0), cscd(1)}, {segment(0, 1, 1, 0, 0)}));
  expect_sense(answer, copy_sense::third_party_device_failure);
  EXPECT_EQ(get(1, 0, 1), List(512));
}

TEST_F(ExtendedCopyTest, AReservationOfAnotherInitiatorIsObeyedAtBothEnds) {
  log_another_in();
  ASSERT_EQ(another(1).unit().reservations().reserve(another(1)), Status::good);
  put(0, 0, pattern(1, 4));
  expect_sense(copy(list_of({cscd(0), cscd(1)}, {segment(0, 1, 1, 0, 0)})), copy_sense::third_party_device_failure);
  expect_sense(copy(list_of({cscd(0), cscd(1)}, {segment(1, 0, 1, 0, 5)})), copy_sense::third_party_device_failure);
  EXPECT_EQ(get(1, 0, 1), List(512));
  log_another_out();
  EXPECT_EQ(copy(list_of({cscd(0), cscd(1)}, {segment(0, 1, 1, 0, 0)})).status, Status::good);
}

TEST_F(ExtendedCopyTest, AStoreThatFailsEndsTheCopyWithTheNumberOfTheSegment) {
  store(1).script().bad_from = 100 * 512;
  const Answer answer = copy(list_of({cscd(0), cscd(1)}, {segment(0, 1, 8, 0, 0), segment(0, 1, 8, 0, 96)}));
  expect_sense(answer, copy_sense::third_party_device_failure);
  EXPECT_EQ(answer.sense->command_specific, 1u);
}

TEST_F(ExtendedCopyTest, LeavesAUnitAttentionOfAnEndToTheInitiator) {
  EXPECT_EQ(copy(list_of({cscd(0), cscd(1)}, {segment(0, 1, 1, 0, 0)})).status, Status::good);
  expect_sense(bench().send_to(Lun{1}, {0, 0, 0, 0, 0, 0}), Sense::power_on_or_reset());
}

TEST_F(ExtendedCopyTest, TwoCopiesInOppositeDirectionsAndTasksThatWantToBeAloneAllEnd) {
  slow_down();
  put(0, 0, pattern(2048, 1));
  put(1, 2048, pattern(2048, 2));
  bench().send_to(Lun{1}, {0, 0, 0, 0, 0, 0});
  const List one = list_of({cscd(0), cscd(1)}, {segment(0, 1, 2048, 0, 0)}, 1);
  const List other = list_of({cscd(1), cscd(0)}, {segment(0, 1, 2048, 2048, 2048)}, 2);
  std::vector<std::shared_ptr<Answer>> answers;
  answers.push_back(bench().start(Lun{0}, copy_cdb(one.size()), one));
  answers.push_back(bench().start(Lun{1}, copy_cdb(other.size()), other));
  answers.push_back(bench().start(Lun{0}, compare_and_write(), List(1024)));
  answers.push_back(bench().start(Lun{1}, compare_and_write(), List(1024)));
  const auto all_done = [&] {
    return std::ranges::all_of(answers, [](const auto& answer) { return answer->answered; });
  };
  EXPECT_TRUE(bench().reactor().run_until(all_done, 60s));
  EXPECT_EQ(answers[0]->status, Status::good);
  EXPECT_EQ(answers[1]->status, Status::good);
  EXPECT_EQ(get(1, 0, 2048), pattern(2048, 1));
  EXPECT_EQ(get(0, 2048, 2048), pattern(2048, 2));
}

TEST_F(ExtendedCopyTest, ALongCopyEndsSoonWhenItsInitiatorGoes) {
  slow_down();
  const List list = list_of({cscd(0), cscd(1)}, std::vector(200, segment(0, 1, 4096, 0, 0)));
  const auto answer = bench().start(Lun{0}, copy_cdb(list.size()), list);
  EXPECT_EQ(results(0x00).data[4], 0x00);  // in progress
  const TimePoint began = bench().reactor().shard().now();
  ASSERT_TRUE(bench().reactor().run(log_out()));
  EXPECT_LT(bench().reactor().shard().now() - began, 20ms);
  EXPECT_FALSE(answer->answered);
}

TEST_F(ExtendedCopyTest, TaskManagementEndsALongCopySoon) {
  slow_down();
  using enum TaskManagementFunction;
  const List list = list_of({cscd(0)}, std::vector(200, segment(0, 0, 2000, 0, 2048)));
  for (const auto function : {abort_task, abort_task_set, clear_task_set, logical_unit_reset}) {
    const auto answer = bench().start(Lun{0}, copy_cdb(list.size()), list);
    const TimePoint began = bench().reactor().shard().now();
    EXPECT_EQ(manage(function, 0), TaskManagementResponse::function_complete);
    EXPECT_LT(bench().reactor().shard().now() - began, 20ms);
    EXPECT_FALSE(answer->answered);
    bench().send({0, 0, 0, 0, 0, 0});
  }
}

TEST_F(ExtendedCopyTest, AResetOfItsDestinationFailsTheCopyAndNobodyWaits) {
  slow_down();
  const List list = list_of({cscd(0), cscd(1)}, std::vector(200, segment(0, 1, 2000, 0, 2048)));
  const auto answer = bench().start(Lun{0}, copy_cdb(list.size()), list);
  for (const auto step : {0ms, 1ms, 1ms}) {
    bench().reactor().advance(step);
    EXPECT_EQ(manage(TaskManagementFunction::logical_unit_reset, 1), TaskManagementResponse::function_complete);
  }
  bench().reactor().run_until([&] { return answer->answered; }, 60s);
  EXPECT_TRUE(answer->answered);
  EXPECT_NE(answer->status, Status::task_aborted);
}

TEST_F(ExtendedCopyTest, NothingIsWrittenAfterAFunctionThatEndsItsTasksWasAnsweredBetweenTwoParts) {
  using enum TaskManagementFunction;
  for (const auto function : {logical_unit_reset, clear_task_set, abort_task_set}) {
    const auto answer = copy_half(0, 1);
    put(1, 2048, List(2048 * 512));
    EXPECT_EQ(manage(function, 1), TaskManagementResponse::function_complete);
    EXPECT_FALSE(answer->answered);
    bench().reactor().run_until([&] { return answer->answered; });
    expect_half_a_copy(*answer);
    EXPECT_EQ(get(1, 0, 2048), pattern(2048, 3));
    EXPECT_EQ(get(1, 2048, 2048), List(2048 * 512)) << static_cast<int>(function);
  }
}

TEST_F(ExtendedCopyTest, NothingIsReadAfterAResetOfItsSourceBetweenTwoParts) {
  const auto answer = copy_half(1, 0);
  EXPECT_EQ(manage(TaskManagementFunction::logical_unit_reset, 1), TaskManagementResponse::function_complete);
  bench().reactor().run_until([&] { return answer->answered; });
  expect_half_a_copy(*answer);
  EXPECT_EQ(get(0, 2048, 2048), List(2048 * 512));
}

TEST_F(ExtendedCopyTest, AnotherMediumInADestinationOrSourceEndsTheCopy) {
  const auto writes = copy_half(0, 1);
  second_unit().medium_changed();
  bench().reactor().run_until([&] { return writes->answered; });
  expect_half_a_copy(*writes);
  EXPECT_EQ(get(1, 2048, 2048), List(2048 * 512));
  put(0, 0, List(two_mebibytes * 512));
  const auto reads = copy_half(1, 0);
  second_unit().medium_changed();
  bench().reactor().run_until([&] { return reads->answered; });
  expect_half_a_copy(*reads);
  EXPECT_EQ(get(0, 2048, 2048), List(2048 * 512));
  EXPECT_EQ(copy(list_of({cscd(0), cscd(1)}, {segment(0, 1, 1, 0, 0)})).status, Status::good);
}

TEST_F(ExtendedCopyTest, WhoIsPreemptedAndAbortedCopiesNoMoreThoughItHasNoTaskThereJustThen) {
  log_another_in();
  ItlNexus& mine = *bench().nexus().itl(Lun{1});
  for (const bool preempts_me : {true, false}) {
    reserve_out(mine, {.service_action_reservation_key = 0xa});
    reserve_out(another(1), {.service_action_reservation_key = 0xb});
    const auto copying = copy_half(0, 1);
    ItlNexus& by = preempts_me ? another(1) : mine;
    reserve_out(by, {.action = PersistentReserveOutAction::preempt_and_abort,
                     .reservation_key = preempts_me ? 0xbu : 0xau,
                     .service_action_reservation_key = preempts_me ? 0xau : 0xbu});
    EXPECT_FALSE(copying->answered);
    bench().reactor().run_until([&] { return copying->answered; });
    if (preempts_me) expect_half_a_copy(*copying);
    store(0).script().takes = {};
    EXPECT_EQ(get(1, 2048, 2048) == List(2048 * 512), preempts_me);
    reserve_out(by, {.reservation_key = preempts_me ? 0xbu : 0xau});  // gone again
  }
  log_another_out();
}

TEST_F(ExtendedCopyTest, AFormatOrSanitizeOfItsDestinationBetweenTwoPartsEndsIt) {
  const List format{0x04, 0, 0, 0, 0, 0};
  const List overwrite{0x48, 0x01, 0, 0, 0, 0, 0, 0, 5, 0};
  for (const auto& [cdb, list] : {std::pair(format, List()), std::pair(overwrite, List{1, 0, 0, 1, 0})}) {
    const auto copying = copy_half(0, 1);
    EXPECT_EQ(bench().send_to(Lun{1}, cdb, list).status, Status::good);
    EXPECT_FALSE(copying->answered) << "it waits for its source";
    bench().reactor().run_until([&] { return copying->answered; });
    expect_half_a_copy(*copying);
    EXPECT_EQ(get(1, 0, two_mebibytes), List(two_mebibytes * 512));
  }
}

TEST_F(ExtendedCopyTest, IsAbortedAtOnceWhileItsSourceIsTakenByACommandThatRunsAlone) {
  bench().send_to(Lun{1}, test_unit_ready);
  store(1).script().takes = 1h;
  const auto alone = bench().start(Lun{1}, compare_and_write(), List(1024));
  const List list = list_of({cscd(0), cscd(1)}, {segment(1, 0, 1, 0, 0)});
  for (const auto function : {TaskManagementFunction::abort_task, TaskManagementFunction::logical_unit_reset}) {
    const auto copying = bench().start(Lun{0}, copy_cdb(list.size()), list);
    bench().reactor().advance(1ms);
    const TimePoint began = bench().reactor().shard().now();
    EXPECT_EQ(manage(function, 0), TaskManagementResponse::function_complete);
    EXPECT_LT(bench().reactor().shard().now() - began, 10ms);
    EXPECT_FALSE(copying->answered);
    bench().send(test_unit_ready);
  }
  EXPECT_FALSE(alone->answered);
  bench().reactor().run_until([&] { return alone->answered; }, 10h);
}

TEST_F(ExtendedCopyTest, WhatWantsToBeAloneDoesNotWaitForTheOtherEndButAnOrderedTaskWaitsForTheCopy) {
  bench().send_to(Lun{1}, test_unit_ready);
  store(1).script().takes = 10min;
  const List list = list_of({cscd(0), cscd(1)}, {segment(0, 1, 1, 0, 0)});
  const auto copying = bench().start(Lun{0}, copy_cdb(list.size()), list);
  bench().reactor().advance(1ms);
  const TimePoint began = bench().reactor().shard().now();
  EXPECT_EQ(bench().send_to(Lun{0}, compare_and_write(), List(1024)).status, Status::good);
  EXPECT_EQ(bench().send_to(Lun{0}, test_unit_ready).status, Status::good);
  EXPECT_LT(bench().reactor().shard().now() - began, 10ms);
  EXPECT_FALSE(copying->answered);
  const auto ordered = bench().start(Lun{0}, test_unit_ready, {}, TaskAttribute::ordered);
  bench().reactor().settle();
  EXPECT_FALSE(ordered->answered);
  bench().reactor().run_until([&] { return ordered->answered; });
  EXPECT_TRUE(copying->answered);
  EXPECT_EQ(copying->status, Status::good);
}

}  // namespace
}  // namespace tgt
