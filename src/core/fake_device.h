// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <map>
#include <memory>
#include <optional>
#include <string>
#include <utility>
#include <vector>

#include "core/command.h"
#include "core/device_server.h"
#include "core/report_luns.h"
#include "core/report_target_port_groups.h"
#include "core/request_sense.h"
#include "core/reservations/commands.h"
#include "core/set_target_port_groups.h"
#include "reactor/event.h"
#include "reactor/mutex.h"
#include "reactor/shard.h"

namespace tgt {

// A device for tests whose commands begin, wait and end as the test says. All shards may use it at once.
class FakeDevice final : public DeviceServer {
 public:
  struct Behaviour {
    std::uint32_t task_limit = 64;
    bool holds = false;        // READ and WRITE wait for complete(); otherwise they end at once
    bool heeds_abort = false;  // a held task ends when it is told to
    Duration takes{};          // how long a task takes that is not held
    ResetOutcome reset = ResetOutcome::done;
    bool reset_ends_held = true;  // as a real device: what it holds comes back
    Duration reset_takes{};
    std::optional<Sense> unsettled{};  // what settle() says
  };
  // What happened, in order: 'b'egin, 'e'nd, 'a'bort hint, with the task's tag.
  struct Happening {
    char what;
    std::uint64_t tag;
    friend bool operator==(const Happening&, const Happening&) = default;
  };

  FakeDevice() : FakeDevice(Behaviour{}) {}
  explicit FakeDevice(const Behaviour& behaviour) : behaviour_(behaviour) {}

  PeripheralDeviceType type() const override { return PeripheralDeviceType::block; }
  Result<const CommandTraits*, Sense> decode(const Cdb& cdb) const override;
  std::uint32_t task_limit() const override { return behaviour_.task_limit; }
  void abort(Command& command) override;
  Task<ResetOutcome> reset(Shard& shard, ResetKind kind) override;
  Task<void> close(Shard&) override {
    closed_ = true;
    co_return;
  }
  void nexus_lost(ItlNexus&) override {
    const LockGuard lock(mutex_);
    ++nexuses_lost_;
  }
  Description describe() const override { return {}; }
  Result<SettingHolds, SettingRefused> configure(std::string_view name, std::string_view) override {
    if (name == "setting") return SettingHolds::once_settled;
    return failure(SettingRefused{
        .kind = name == "online" ? SettingRefused::Kind::removal_prevented : SettingRefused::Kind::impossible,
        .reason = "no"});
  }
  Task<std::optional<Sense>> settle(Shard&) override { co_return behaviour_.unsettled; }

  Behaviour& behaviour() { return behaviour_; }
  bool is_held(std::uint64_t tag) const;
  std::size_t held() const;
  // Ends a held task with this reply, on its own shard.
  void complete(std::uint64_t tag, Reply reply = Reply::good());
  void complete_all();
  std::vector<Happening> history() const;
  bool closed() const { return closed_; }
  bool reset_after_close() const { return reset_after_close_; }
  unsigned resets() const { return resets_; }
  unsigned nexuses_lost() const { return nexuses_lost_; }
  unsigned running() const { return running_; }
  unsigned most_running() const { return most_running_; }

  // READ and WRITE of as many bytes as TRANSFER LENGTH says; some run alone, or in turn.
  template <std::uint8_t Code>
  struct Transfer {
    static constexpr std::uint8_t operation_code = Code;
    static constexpr std::uint8_t cdb_length = 10;
    static constexpr Field logical_block_address{2, 7, 32};
    static constexpr Field transfer_length{7, 7, 16};
    static constexpr std::array fields{logical_block_address, transfer_length};
  };
  struct Read : Transfer<0x28> {
    static constexpr std::string_view name = "READ(10)";
    static constexpr Access access = Access::read;
    static Task<Reply> run(FakeDevice& device, Command& command);
  };
  struct Write : Transfer<0x2a> {
    static constexpr std::string_view name = "WRITE(10)";
    static constexpr Access access = Access::write;
    static Task<Reply> run(FakeDevice& device, Command& command);
  };
  struct Alone : Transfer<0x3b> {
    static constexpr std::string_view name = "ALONE";
    static constexpr Access access = Access::write;
    static constexpr Overlap overlap = Overlap::exclusive_range;
    static Task<Reply> run(FakeDevice& device, Command& command) { return Read::run(device, command); }
  };
  struct WriteAlone : Transfer<0x2e> {
    static constexpr std::string_view name = "WRITE ALONE";
    static constexpr Access access = Access::write;
    static constexpr Overlap overlap = Overlap::exclusive_range;
    static Task<Reply> run(FakeDevice& device, Command& command) { return Write::run(device, command); }
  };
  struct WriteInTurn : Transfer<0x3f> {
    static constexpr std::string_view name = "WRITE IN TURN";
    static constexpr Access access = Access::write;
    static constexpr Overlap overlap = Overlap::sequential;
    static Task<Reply> run(FakeDevice& device, Command& command) { return Write::run(device, command); }
  };
  struct TestUnitReady {
    static constexpr std::string_view name = "TEST UNIT READY";
    static constexpr std::uint8_t operation_code = 0x00;
    static constexpr std::uint8_t cdb_length = 6;
    static constexpr Access access = Access::none;
    static constexpr std::array<Field, 0> fields{};
    static Reply run(FakeDevice&, Command&) { return Reply::good(); }
  };
  struct Inquiry {
    static constexpr std::string_view name = "INQUIRY";
    static constexpr std::uint8_t operation_code = 0x12;
    static constexpr std::uint8_t cdb_length = 6;
    static constexpr Access access = Access::none;
    static constexpr bool before_unit_attention = true;
    static constexpr Field vital_product_data{1, 0, 1};
    static constexpr Field page_code{2, 7, 8};
    static constexpr Field allocation_length{3, 7, 16};
    static constexpr std::array fields{vital_product_data, page_code, allocation_length};
    static Reply run(FakeDevice& device, Command& command);
  };

 private:
  struct Held : PostedWork {
    explicit Held(Command& held) : command(held) {}
    Command& command;
    Event event;
    Reply reply;
  };

  Task<Reply> carry_out(Command& command, std::size_t data_in_length);
  Task<Reply> hold(Command& command);
  void note(char what, const Command& command);

  Behaviour behaviour_;
  mutable Mutex mutex_;
  std::multimap<std::uint64_t, Held*> held_;
  std::vector<Happening> history_;
  unsigned running_ = 0;
  unsigned most_running_ = 0;
  std::atomic<unsigned> resets_{0};
  unsigned nexuses_lost_ = 0;
  std::atomic<bool> closed_{false};
  std::atomic<bool> reset_after_close_{false};
};

inline Result<const CommandTraits*, Sense> FakeDevice::decode(const Cdb& cdb) const {
  static constexpr auto commands =
      command_set_with_reservations<FakeDevice, TestUnitReady, Inquiry, RequestSense, ReportLuns, Read, Write, Alone,
                                    WriteAlone, WriteInTurn, ReportTargetPortGroups, SetTargetPortGroups>();
  return CommandTable(commands).decode(cdb);
}

inline void FakeDevice::note(char what, const Command& command) {
  history_.push_back({.what = what, .tag = command.request().tag.value});
}

inline void FakeDevice::abort(Command& command) {
  {
    const LockGuard lock(mutex_);
    note('a', command);
  }
  if (behaviour_.heeds_abort) complete(command.request().tag.value);
}

inline Task<ResetOutcome> FakeDevice::reset(Shard& shard, ResetKind) {
  resets_.fetch_add(1);
  if (closed_) reset_after_close_ = true;
  if (behaviour_.reset_takes != Duration{}) co_await shard.sleep(behaviour_.reset_takes);
  if (behaviour_.reset_ends_held) complete_all();
  co_return behaviour_.reset;
}

inline bool FakeDevice::is_held(std::uint64_t tag) const {
  const LockGuard lock(mutex_);
  return held_.contains(tag);
}

inline std::size_t FakeDevice::held() const {
  const LockGuard lock(mutex_);
  return held_.size();
}

inline void FakeDevice::complete(std::uint64_t tag, Reply reply) {
  Held* held = nullptr;
  {
    const LockGuard lock(mutex_);
    const auto entry = held_.find(tag);
    if (entry == held_.end()) return;
    held = entry->second;
    held_.erase(entry);
  }
  held->reply = std::move(reply);
  held->run = [](PostedWork& work) { static_cast<Held&>(work).event.set(); };
  held->command.shard().post(*held);
}

inline void FakeDevice::complete_all() {
  for (;;) {
    std::uint64_t tag = 0;
    {
      const LockGuard lock(mutex_);
      if (held_.empty()) return;
      tag = held_.begin()->first;
    }
    complete(tag);
  }
}

inline std::vector<FakeDevice::Happening> FakeDevice::history() const {
  const LockGuard lock(mutex_);
  return history_;
}

inline Task<Reply> FakeDevice::hold(Command& command) {
  Held held(command);
  {
    const LockGuard lock(mutex_);
    held_.emplace(command.request().tag.value, &held);
  }
  co_await held.event.wait();
  co_return std::move(held.reply);
}

inline Task<Reply> FakeDevice::carry_out(Command& command, std::size_t data_in_length) {
  {
    const LockGuard lock(mutex_);
    note('b', command);
    most_running_ = std::max(most_running_, ++running_);
  }
  Reply reply;
  if (behaviour_.holds) {
    reply = co_await hold(command);
  } else if (behaviour_.takes != Duration{}) {
    co_await command.shard().sleep(behaviour_.takes);
  }
  if (data_in_length != 0 && reply.status == Status::good) {
    Result<Buffer, Sense> buffer = command.allocate_data_in(data_in_length);
    if (buffer) {
      std::ranges::fill(buffer->first(data_in_length), static_cast<std::uint8_t>(command.request().tag.value));
      reply = Reply::data_in(std::move(*buffer), data_in_length);
    } else {
      reply = Reply::check_condition(buffer.error());
    }
  }
  const LockGuard lock(mutex_);
  note('e', command);
  --running_;
  co_return reply;
}

inline Task<Reply> FakeDevice::Read::run(FakeDevice& device, Command& command) {
  return device.carry_out(command, command[transfer_length]);
}

inline Task<Reply> FakeDevice::Write::run(FakeDevice& device, Command& command) {
  const Result<MutableBytes, Sense> data = co_await command.data_out(command[transfer_length]);
  if (!data) co_return Reply::check_condition(data.error());
  co_return co_await device.carry_out(command, 0);
}

inline Reply FakeDevice::Inquiry::run(FakeDevice&, Command& command) {
  constexpr std::size_t length = 96;
  Result<Buffer, Sense> buffer = command.allocate_data_in(length);
  if (!buffer) return Reply::check_condition(buffer.error());
  std::ranges::fill(buffer->first(length), std::uint8_t{0});
  return Reply::data_in(std::move(*buffer), length);
}

}  // namespace tgt
