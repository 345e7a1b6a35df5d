// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <atomic>
#include <cstddef>
#include <cstdint>
#include <optional>
#include <string>

#include "base/log.h"
#include "reactor/gate.h"
#include "reactor/uevent_socket.h"

namespace tgt {

// What the kernel tells everybody on this host about a device when any user of it, a driver or error handling included,
// met a unit attention: that one took it from the device, and nobody else would hear of it otherwise.
enum class HostNotice : std::uint8_t {
  power_on_or_reset,
  medium_changed,
  capacity_changed,
  mode_parameters_changed,
  inquiry_data_changed,
  some_lost,  // notices were: any may have been among them
};
inline constexpr std::size_t host_notice_kinds = 6;

// Listens for the notices about one device. On the device shard; the readers are for any thread.
class HostNotices {
 public:
  HostNotices(Shard& shard, std::string address, Log log);

  // Which notice an event is for the device with this address ("H:C:T:L"), if it is one.
  static std::optional<HostNotice> of(const Uevent& event, const std::string& address);

  void start();
  Task<void> stop();

  // How many there were; one load to see that nothing has happened.
  std::uint32_t count() const { return count_.load(std::memory_order_acquire); }
  // When the latest of a kind came; the clock's epoch when none did.
  TimePoint latest(HostNotice kind) const {
    return TimePoint(Duration(latest_[static_cast<std::size_t>(kind)].load(std::memory_order_acquire)));
  }
  void note(HostNotice kind, TimePoint when);

 private:
  Task<void> listen();

  Shard& shard_;
  std::string address_;
  Log log_;
  UeventSocket socket_;
  Gate gate_;
  std::atomic<std::uint32_t> count_{0};
  std::array<std::atomic<Duration::rep>, host_notice_kinds> latest_{};
};

}  // namespace tgt
