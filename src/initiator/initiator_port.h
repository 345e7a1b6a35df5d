// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

#include "initiator/execution.h"
#include "initiator/host_notices.h"
#include "reactor/task.h"
#include "reactor/time.h"
#include "scsi/peripheral_device_type.h"

namespace tgt {

// A way to one real device: the right side of the bridge. From any data shard.
class InitiatorPort {
 public:
  enum class ResetLevel : std::uint8_t { logical_unit, target };
  enum class ResetResult : std::uint8_t {
    done,
    failed,         // the host adapter tried, or the operating system would not
    not_supported,  // the host adapter cannot, or we may not
  };
  struct Limits {
    std::uint32_t transfer_bytes = 0;  // of one command; never zero
    std::uint8_t cdb_length = 16;
    std::uint32_t queue_depth = 1;  // what the device gets at once at most, at this moment
  };
  struct Identity {
    std::string node;     // what the device is reached by: "/dev/sg3"
    std::string address;  // "H:C:T:L"
    std::string vendor, product, revision;
    std::string driver = "sg";  // whose node that is: "sg" or "bsg"
  };

  virtual ~InitiatorPort() = default;

  // Awaited through Execution. Order of arrival from one shard is the order in which the device gets them.
  virtual void submit(Execution& execution) = 0;
  // Execution::drop() calls it, at most once for each; settle_drop() answers.
  virtual void drop(Execution& execution) = 0;

  // Asks the host adapter to reset the device, without escalating to what else hangs there. Does not wait for requests
  // in flight: they end through their own executions, some of them only when their own time is up.
  virtual Task<ResetResult> reset(Shard& shard, ResetLevel level) = 0;
  // Waits until the operating system has given back everything that it had. False when `longest` is over.
  virtual Task<bool> wait_until_idle(Shard& shard, Duration longest) = 0;

  virtual Limits limits() const = 0;
  virtual const Identity& identity() const = 0;
  // The device was removed: requests fail from now on.
  virtual bool gone() const = 0;
  // What the operating system tells of unit attentions that anybody on this host met; none when it does not.
  virtual const HostNotices* notices() const { return nullptr; }

  // Gives the device back to the system. No execution is under way.
  virtual Task<void> close(Shard& shard) = 0;
};

}  // namespace tgt
