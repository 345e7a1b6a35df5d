// SPDX-License-Identifier: Apache-2.0
#include "initiator/generic_queue.h"

#include <gtest/gtest.h>

#include <cerrno>
#include <chrono>
#include <deque>
#include <thread>

#include "initiator/initiator_port.h"
#include "reactor/event.h"
#include "reactor/simulated_reactor.h"

namespace tgt {
namespace {

// A device behind several descriptors of the sg driver, as the kernel shows it.
struct FakeGenericDevice {
  struct Running {
    std::size_t node;
    sg::Header header;
  };
  std::deque<Running> running;                           // in the order in which they were started
  std::vector<std::deque<GenericNode::Finished>> ready;  // come back, not yet collected; of each node
  std::vector<Event*> events;
  std::vector<std::size_t> outstanding;
  std::vector<sg::Header> started;
  std::uint32_t capacity = sg::requests_of_one_descriptor;
  bool lends_memory = false;
  int refuse = 0;           // errno of the next start()
  int refuse_finished = 0;  // errno that the next finished command carries
  bool hung_up = false;
  bool ready_for_ever = false;
  bool credentials_changed = false;
  std::function<int(sg::Header&)> ioctl = [](sg::Header&) { return 0; };
  std::atomic<unsigned> ioctls{0};

  // The oldest one ends.
  void finish(const std::function<void(sg::Header&)>& change = [](sg::Header&) {}) { finish_at(0, change); }
  void finish_at(std::size_t which, const std::function<void(sg::Header&)>& change = [](sg::Header&) {}) {
    Running one = running[which];
    running.erase(running.begin() + static_cast<std::ptrdiff_t>(which));
    change(one.header);
    ready[one.node].push_back({.header = one.header, .error_number = std::exchange(refuse_finished, 0)});
    events[one.node]->set();
  }
  // The oldest one turns out not to have been carried.
  void finish_refused(int error_number) {
    refuse_finished = error_number;
    finish();
  }
  void finish_all() {
    while (!running.empty()) finish();
  }
  void hang_up() {
    hung_up = true;
    for (Event* event : events) event->set();
  }
};

class FakeGenericNode final : public GenericNode {
 public:
  FakeGenericNode(FakeGenericDevice& device, std::size_t index) : device_(device), index_(index) {
    device.ready.resize(index + 1);
    device.outstanding.resize(index + 1);
    device.events.push_back(&event_);
  }

  std::uint32_t capacity() const override { return device_.capacity; }
  bool lends_memory() const override { return device_.lends_memory; }
  Result<void, IoError> start(sg::Header& header) override {
    if (device_.credentials_changed) return failure(IoError::from_errno(EPERM));
    if (device_.refuse != 0) return failure(IoError::from_errno(std::exchange(device_.refuse, 0)));
    if (device_.outstanding[index_] == device_.capacity) return failure(IoError::from_errno(EDOM));
    ++device_.outstanding[index_];
    device_.started.push_back(header);
    device_.running.push_back({index_, header});
    return {};
  }
  Result<Finished, IoError> finish() override {
    auto& ready = device_.ready[index_];
    if (ready.empty()) return failure(IoError::from_errno(device_.hung_up ? ENODEV : EAGAIN));
    const Finished finished = ready.front();
    ready.pop_front();
    --device_.outstanding[index_];
    return finished;
  }
  Task<Result<void, IoError>> wait() override {
    ++waits;
    while (!cancelled_ && device_.ready[index_].empty() && !device_.hung_up && !device_.ready_for_ever) {
      event_.reset();
      co_await event_.wait();
    }
    if (std::exchange(cancelled_, false)) co_return failure(IoError::from_errno(ECANCELED));
    if (device_.ready[index_].empty() && device_.hung_up) co_return failure(IoError::from_errno(ENODEV));
    co_return Result<void, IoError>();
  }
  void cancel_wait() override {
    cancelled_ = true;
    event_.set();
  }
  Result<int, IoError> control(unsigned long, void* argument) override {
    ++device_.ioctls;
    const int number = device_.ioctl(*static_cast<sg::Header*>(argument));
    if (number != 0) return failure(IoError::from_errno(number));
    return 0;
  }
  unsigned waits = 0;

 private:
  FakeGenericDevice& device_;
  std::size_t index_;
  Event event_;
  bool cancelled_ = false;
};

// The queue as a port, on the one shard of the test.
class QueuePort final : public InitiatorPort {
 public:
  explicit QueuePort(GenericQueue& queue) : queue_(queue) {}
  void submit(Execution& execution) override { queue_.submit(execution); }
  void drop(Execution& execution) override { queue_.drop(execution); }
  Task<ResetResult> reset(Shard&, ResetLevel) override { co_return ResetResult::done; }
  Task<bool> wait_until_idle(Shard&, Duration) override { co_return true; }
  Limits limits() const override { return {}; }
  const Identity& identity() const override { return identity_; }
  bool gone() const override { return queue_.gone(); }
  Task<void> close(Shard&) override { co_return; }

 private:
  GenericQueue& queue_;
  Identity identity_;
};

struct Ended {
  std::uint8_t id;
  ScsiResult result;
};

class GenericQueueTest : public testing::Test {
 protected:
  void make(std::size_t nodes, std::uint32_t depth) {
    depth_ = depth;
    std::vector<std::unique_ptr<GenericNode>> all;
    for (std::size_t i = 0; i < nodes; ++i) {
      all.push_back(std::make_unique<FakeGenericNode>(device_, i));
      nodes_.push_back(static_cast<FakeGenericNode*>(all.back().get()));
    }
    queue_.emplace(reactor_.shard(), std::move(all),
                   GenericQueue::Settings{.current_depth = [this] { return depth_; }, .name = "sgX"}, Log::silent());
    port_.emplace(*queue_);
    queue_->start();
    reactor_.settle();
  }
  ~GenericQueueTest() override {
    device_.finish_all();
    reactor_.settle();
    if (queue_) EXPECT_TRUE(reactor_.run(stop()));
  }
  Task<void> stop() { co_await queue_->stop(); }

  Task<void> run(std::uint8_t id, ScsiRequest request) {
    const std::uint8_t bytes[6] = {0x08, 0, 0, id, 1, 0};
    request.cdb = *Cdb::from_transport(bytes);
    Execution execution(*port_, reactor_.shard(), request);
    executions_[id] = &execution;
    co_await execution;
    executions_[id] = nullptr;
    ended_.push_back({id, execution.result()});
  }
  void send(std::uint8_t id, ScsiRequest request = {}) { spawn(run(id, request)); }
  void send_many(std::uint8_t count) {
    for (std::uint8_t id = 0; id < count; ++id) send(id);
    reactor_.settle();
  }
  std::vector<int> ended_ids() const {
    std::vector<int> ids;
    for (const Ended& one : ended_) ids.push_back(one.id);
    return ids;
  }

  SimulatedReactor reactor_;
  FakeGenericDevice device_;
  std::uint32_t depth_ = 1;
  std::vector<FakeGenericNode*> nodes_;
  std::optional<GenericQueue> queue_;
  std::optional<QueuePort> port_;
  std::array<Execution*, 256> executions_{};
  std::vector<Ended> ended_;
};

TEST_F(GenericQueueTest, ACommandGoesToTheTailWithItsOwnLengthAndDirectionAndTimeout) {
  make(1, 4);
  std::array<std::uint8_t, 512> data{};
  send(1, {.direction = DataDirection::data_in, .data = data, .timeout = std::chrono::milliseconds(1234)});
  send(2, {.direction = DataDirection::data_out, .data = data});
  send(3, {.direction = DataDirection::none});
  send(4, {.direction = DataDirection::data_in, .data = data, .keep_unfilled_bytes = true});
  reactor_.settle();
  ASSERT_EQ(device_.started.size(), 4u);
  const sg::Header& read = device_.started[0];
  EXPECT_EQ(read.flags, sg::flag_queue_at_tail);
  EXPECT_EQ(read.cdb_length, 6);
  EXPECT_EQ(read.transfer_direction, sg::from_device);
  EXPECT_EQ(read.transfer_length, 512u);
  EXPECT_EQ(read.timeout_milliseconds, 1234u);
  EXPECT_EQ(device_.started[1].transfer_direction, sg::to_device);
  EXPECT_EQ(device_.started[2].transfer_direction, sg::no_transfer);
  EXPECT_EQ(device_.started[2].transfer_length, 0u);
  EXPECT_EQ(device_.started[3].transfer_direction, sg::to_from_device);
}

TEST_F(GenericQueueTest, TheDeviceNeverGetsMoreThanItsQueueDepth) {
  make(2, 3);
  send_many(10);
  EXPECT_EQ(device_.running.size(), 3u);
  for (int left = 10; left > 0; --left) {
    EXPECT_LE(device_.running.size(), 3u);
    device_.finish();
    reactor_.settle();
  }
  EXPECT_EQ(ended_.size(), 10u);
  for (const Ended& one : ended_) EXPECT_TRUE(one.result.good());
}

TEST_F(GenericQueueTest, CommandsBeyondTheDepthAreStartedInTheOrderTheyCame) {
  make(1, 1);
  send_many(12);
  while (!device_.running.empty()) {
    device_.finish();
    reactor_.settle();
  }
  EXPECT_EQ(ended_ids(), (std::vector<int>{0, 1, 2, 3, 4, 5, 6, 7, 8, 9, 10, 11}));
}

TEST_F(GenericQueueTest, MoreThanSixteenCommandsUseMoreDescriptors) {
  make(3, 48);
  send_many(40);
  EXPECT_EQ(device_.running.size(), 40u);
  for (const std::size_t outstanding : device_.outstanding) EXPECT_LE(outstanding, 16u);
}

TEST_F(GenericQueueTest, ADeeperDeviceThanDescriptorsIsFedAsFarAsTheyGo) {
  make(1, 200);
  send_many(40);
  EXPECT_EQ(device_.running.size(), 16u);
  device_.finish();
  reactor_.settle();
  EXPECT_EQ(device_.running.size(), 16u);
}

TEST_F(GenericQueueTest, ADepthThatTheKernelChangesIsFollowed) {
  make(1, 1);
  send_many(6);
  EXPECT_EQ(device_.running.size(), 1u);
  depth_ = 4;
  reactor_.advance(2s);
  reactor_.settle();
  device_.finish();
  reactor_.settle();
  EXPECT_EQ(device_.running.size(), 4u);
}

TEST_F(GenericQueueTest, AFullDescriptorMeansWaitingAndNotAnError) {
  make(1, 4);
  send(1);
  reactor_.settle();
  device_.refuse = EDOM;
  send(2);
  reactor_.settle();
  EXPECT_TRUE(ended_.empty());
  device_.finish();
  reactor_.settle();
  device_.finish();
  reactor_.settle();
  EXPECT_EQ(ended_ids(), (std::vector<int>{1, 2}));
}

TEST_F(GenericQueueTest, AKernelThatCannotPrefillItsBufferIsAskedWithout) {
  make(1, 4);
  std::array<std::uint8_t, 512> data{};
  const ScsiRequest request{.direction = DataDirection::data_in, .data = data, .keep_unfilled_bytes = true};
  device_.refuse = EINVAL;
  send(1, request);
  send(2, request);
  reactor_.settle();
  ASSERT_EQ(device_.started.size(), 2u);
  EXPECT_EQ(device_.started[0].transfer_direction, sg::from_device);
  EXPECT_EQ(device_.started[1].transfer_direction, sg::from_device);
  EXPECT_TRUE(ended_.empty());
}

TEST_F(GenericQueueTest, AQueuedCommandCanBeTakenBackAndTheDeviceNeverSeesIt) {
  make(1, 1);
  send_many(3);
  executions_[1]->drop();
  reactor_.settle();
  ASSERT_EQ(ended_ids(), (std::vector<int>{1}));
  EXPECT_EQ(ended_[0].result.fault, ScsiResult::Fault::dropped);
  EXPECT_FALSE(ended_[0].result.sent);
  device_.finish();
  reactor_.settle();
  device_.finish();
  reactor_.settle();
  EXPECT_EQ(ended_ids(), (std::vector<int>{1, 0, 2}));
  EXPECT_EQ(device_.started.size(), 2u);
}

TEST_F(GenericQueueTest, WhatTheKernelHasIsNotTakenBack) {
  make(1, 1);
  send_many(1);
  executions_[0]->drop();
  reactor_.settle();
  EXPECT_TRUE(ended_.empty());
  device_.finish();
  reactor_.settle();
  ASSERT_EQ(ended_.size(), 1u);
  EXPECT_TRUE(ended_[0].result.good());
}

TEST_F(GenericQueueTest, EverythingThatTheKernelSaysComesBack) {
  make(1, 1);
  std::array<std::uint8_t, 512> data{};
  send(1, {.direction = DataDirection::data_in, .data = data});
  reactor_.settle();
  device_.finish([](sg::Header& header) {
    header.status = 0x02;
    header.host_status = 7;
    header.driver_status = 0x28;
    header.residual = 100;
    header.sense[0] = 0x70;
    header.sense[2] = 0x05;
    header.sense_length = 18;
  });
  reactor_.settle();
  ASSERT_EQ(ended_.size(), 1u);
  const ScsiResult& result = ended_[0].result;
  EXPECT_EQ(result.status, Status::check_condition);
  EXPECT_EQ(result.host_status, HostStatus::error);
  EXPECT_EQ(result.driver_status, DriverStatus::sense);
  EXPECT_EQ(result.residual, 100u);
  EXPECT_EQ(result.transferred(), 412u);
  EXPECT_EQ(result.sense.bytes().size(), 18u);
  EXPECT_TRUE(result.sent);
}

TEST_F(GenericQueueTest, SenseWithoutCheckConditionIsNotSense) {
  make(1, 1);
  send(1);
  reactor_.settle();
  device_.finish([](sg::Header& header) {
    header.host_status = 3;
    header.driver_status = 8;
    header.sense[0] = 0x70;
    header.sense_length = 18;
  });
  reactor_.settle();
  ASSERT_EQ(ended_.size(), 1u);
  EXPECT_TRUE(ended_[0].result.sense.empty());
  EXPECT_FALSE(ended_[0].result.good());
}

TEST_F(GenericQueueTest, ANegativeResidualIsNone) {
  make(1, 1);
  std::array<std::uint8_t, 512> data{};
  send(1, {.direction = DataDirection::data_in, .data = data});
  reactor_.settle();
  device_.finish([](sg::Header& header) { header.residual = -512; });
  reactor_.settle();
  EXPECT_EQ(ended_.at(0).result.transferred(), 512u);
}

TEST_F(GenericQueueTest, ARemovedDeviceEndsWhatIsInFlightAndWhatWaitsAndDoesNotSpin) {
  make(2, 2);
  send_many(5);
  device_.hang_up();
  reactor_.settle();
  ASSERT_EQ(ended_.size(), 5u);
  for (const Ended& one : ended_) {
    EXPECT_EQ(one.result.fault, ScsiResult::Fault::gone);
    EXPECT_EQ(one.result.sent, one.id < 2);
  }
  EXPECT_TRUE(queue_->gone());
  const unsigned waits = nodes_[0]->waits;
  reactor_.advance(10s);
  EXPECT_EQ(nodes_[0]->waits, waits);
  send(9);
  reactor_.settle();
  EXPECT_EQ(ended_.back().id, 9);
  EXPECT_EQ(ended_.back().result.fault, ScsiResult::Fault::gone);
  device_.running.clear();
}

TEST_F(GenericQueueTest, WhatCameBackBeforeTheRemovalIsStillCollected) {
  make(1, 4);
  send_many(3);
  device_.finish();
  device_.hang_up();
  reactor_.settle();
  ASSERT_EQ(ended_.size(), 3u);
  EXPECT_EQ(ended_[0].id, 0);
  EXPECT_TRUE(ended_[0].result.good());
  EXPECT_EQ(ended_[1].result.fault, ScsiResult::Fault::gone);
  device_.running.clear();
}

TEST_F(GenericQueueTest, ANodeThatIsReadyForEverIsGivenUp) {
  make(1, 1);
  send_many(1);
  device_.ready_for_ever = true;
  device_.events[0]->set();
  reactor_.settle();
  ASSERT_EQ(ended_.size(), 1u);
  EXPECT_EQ(ended_[0].result.fault, ScsiResult::Fault::gone);
  device_.running.clear();
}

TEST_F(GenericQueueTest, RefusalsOfTheKernelAreToldApart) {
  using Fault = ScsiResult::Fault;
  make(1, 1);
  const std::vector<std::pair<int, Fault>> refusals{{EINVAL, Fault::transfer_refused},
                                                    {EIO, Fault::transfer_refused},
                                                    {EMSGSIZE, Fault::cdb_refused},
                                                    {ENOMEM, Fault::no_resources},
                                                    {EAGAIN, Fault::no_resources},
                                                    {ENXIO, Fault::offline},
                                                    {EFAULT, Fault::other},
                                                    {ENODEV, Fault::gone}};
  for (const auto& [number, fault] : refusals) {
    device_.refuse = number;
    send(1);
    reactor_.settle();
    ASSERT_FALSE(ended_.empty());
    EXPECT_EQ(ended_.back().result.fault, fault) << number;
    EXPECT_FALSE(ended_.back().result.sent);
    ended_.clear();
  }
}

TEST_F(GenericQueueTest, AnUnknownCommandFromTheKernelIsIgnored) {
  make(1, 4);
  send_many(2);
  device_.finish([](sg::Header& header) { header.pack_id = 4711; });
  reactor_.settle();
  EXPECT_TRUE(ended_.empty());
  device_.finish();
  reactor_.settle();
  EXPECT_EQ(ended_.size(), 1u);
  device_.hang_up();
  reactor_.settle();
  EXPECT_EQ(ended_.size(), 2u);
}

TEST_F(GenericQueueTest, CommandsEndInTheOrderInWhichTheDeviceEndsThem) {
  make(1, 3);
  send_many(3);
  device_.finish_at(2);
  device_.finish_at(0);
  device_.finish_at(0);
  reactor_.settle();
  EXPECT_EQ(ended_ids(), (std::vector<int>{2, 0, 1}));
}

// --- Nodes that lend the callers' memory to the kernel and tell of refusals late, as bsg does

TEST_F(GenericQueueTest, ANodeIsFedAsFarAsItsOwnLimitGoes) {
  device_.capacity = 100;
  make(1, 200);
  send_many(150);
  EXPECT_EQ(device_.running.size(), 100u);
  device_.finish();
  reactor_.settle();
  EXPECT_EQ(device_.running.size(), 100u);
  device_.finish_all();
  reactor_.settle();
  device_.finish_all();
  reactor_.settle();
  EXPECT_EQ(ended_.size(), 150u);
}

TEST_F(GenericQueueTest, ANodeThatTakesNoCommandsIsOnlyListenedTo) {
  device_.capacity = 0;
  make(1, 4);
  send_many(2);
  EXPECT_TRUE(device_.started.empty());
  EXPECT_TRUE(ended_.empty());
  device_.hang_up();
  reactor_.settle();
  ASSERT_EQ(ended_.size(), 2u);
  for (const Ended& one : ended_) EXPECT_EQ(one.result.fault, ScsiResult::Fault::gone);
}

TEST_F(GenericQueueTest, ARefusalThatComesLateIsToldAsOneAtOnce) {
  using Fault = ScsiResult::Fault;
  make(1, 1);
  std::array<std::uint8_t, 512> data{};
  const std::vector<std::pair<int, Fault>> refusals{
      {EINVAL, Fault::transfer_refused}, {ENOMEM, Fault::no_resources}, {EPERM, Fault::not_permitted},
      {ENXIO, Fault::offline},           {EFAULT, Fault::other},        {ENODEV, Fault::gone}};
  for (const auto& [number, fault] : refusals) {
    send(1, {.direction = DataDirection::data_in, .data = data});
    reactor_.settle();
    device_.finish_refused(number);
    reactor_.settle();
    ASSERT_FALSE(ended_.empty());
    EXPECT_EQ(ended_.back().result.fault, fault) << number;
    // Only of these it is known that the device has not seen them.
    EXPECT_EQ(ended_.back().result.sent, fault == Fault::other) << number;
    EXPECT_EQ(ended_.back().result.transferred(), 0u);
    EXPECT_FALSE(ended_.back().result.good());
    EXPECT_EQ(queue_->in_flight(), 0u);
    ended_.clear();
  }
  EXPECT_TRUE(queue_->gone());
}

TEST_F(GenericQueueTest, MemoryThatTheKernelStillWritesIntoIsNotGivenBackWhenTheDeviceGoes) {
  device_.lends_memory = true;
  make(1, 2);
  std::array<std::uint8_t, 512> data{};
  for (std::uint8_t id = 0; id < 4; ++id) send(id, {.direction = DataDirection::data_in, .data = data});
  reactor_.settle();
  device_.hang_up();
  reactor_.settle();
  // What waits ends at once, what is in flight not before the kernel gives it back.
  EXPECT_EQ(ended_ids(), (std::vector<int>{2, 3}));
  for (const Ended& one : ended_) EXPECT_EQ(one.result.fault, ScsiResult::Fault::gone);
  EXPECT_EQ(queue_->in_flight(), 2u);
  const unsigned waits = nodes_[0]->waits;
  reactor_.advance(1s);
  EXPECT_LE(nodes_[0]->waits, waits + 10);  // it does not spin meanwhile
  device_.finish([](sg::Header& header) { header.host_status = 1; });
  reactor_.advance(1s);
  device_.finish([](sg::Header& header) { header.host_status = 1; });
  reactor_.advance(1s);
  EXPECT_EQ(ended_ids(), (std::vector<int>{2, 3, 0, 1}));
  EXPECT_EQ(ended_.back().result.host_status, HostStatus::no_connect);
  EXPECT_EQ(queue_->in_flight(), 0u);
  const unsigned waits_of_gone = nodes_[0]->waits;
  reactor_.advance(10s);
  EXPECT_EQ(nodes_[0]->waits, waits_of_gone);
}

// The fallback has threads of its own, so this one waits in real time.
class GenericQueueFallbackTest : public GenericQueueTest {
 protected:
  bool wait_for(std::size_t count) {
    const auto end = std::chrono::steady_clock::now() + std::chrono::seconds(20);
    while (ended_.size() < count && std::chrono::steady_clock::now() < end) {
      reactor_.settle();
      std::this_thread::sleep_for(std::chrono::milliseconds(1));
    }
    return ended_.size() == count;
  }
};

TEST_F(GenericQueueFallbackTest, WhereWriteIsRefusedCommandsGoByIoctlOnThreads) {
  make(1, 16);
  device_.credentials_changed = true;
  device_.ioctl = [](sg::Header& header) {
    header.status = 0x08;
    return 0;
  };
  send_many(20);
  ASSERT_TRUE(wait_for(20));
  for (const Ended& one : ended_) EXPECT_EQ(one.result.status, Status::busy);
  EXPECT_EQ(device_.ioctls, 20u);
  EXPECT_EQ(queue_->in_flight(), 0u);
}

TEST_F(GenericQueueFallbackTest, AnInterruptedIoctlIsNotRepeated) {
  make(1, 16);
  device_.credentials_changed = true;
  device_.ioctl = [](sg::Header&) { return EINTR; };
  send(1);
  ASSERT_TRUE(wait_for(1));
  EXPECT_EQ(device_.ioctls, 1u);
  EXPECT_EQ(ended_[0].result.fault, ScsiResult::Fault::other);
  EXPECT_TRUE(ended_[0].result.sent);
}

TEST_F(GenericQueueFallbackTest, ARemovedDeviceIsNoticedThereToo) {
  make(1, 16);
  device_.credentials_changed = true;
  device_.ioctl = [](sg::Header&) { return ENODEV; };
  send(1);
  ASSERT_TRUE(wait_for(1));
  EXPECT_EQ(ended_[0].result.fault, ScsiResult::Fault::gone);
  EXPECT_TRUE(queue_->gone());
}

}  // namespace
}  // namespace tgt
