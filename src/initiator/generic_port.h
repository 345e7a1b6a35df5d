// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>

#include "base/log.h"
#include "base/result.h"
#include "initiator/device_location.h"
#include "initiator/generic_interface.h"
#include "initiator/generic_queue.h"
#include "initiator/generic_reset.h"
#include "initiator/initiator_port.h"
#include "initiator/open_fault.h"

namespace tgt {

class Reactor;

// The way to a device through its generic nodes. Its commands go to the sg node, asynchronously and on every kernel, or
// through an io_uring to the bsg node where the kernel has that; the sg node always stands beside it, because only
// there are the reset call and the sign that the device was removed. Its own shard makes the calls, which may sleep; a
// reset, which may take minutes, runs on a thread beside it, so that it stops nothing else.
class GenericPort final : public InitiatorPort {
 public:
  struct Options {
    std::uint32_t queue_depth = 0;     // 0: what the kernel says
    std::uint32_t transfer_bytes = 0;  // 0: what the kernel says
    GenericInterface interface = GenericInterface::best;
  };
  static Task<Result<std::unique_ptr<InitiatorPort>, OpenFault>> open(Shard& shard, Reactor& reactor,
                                                                      DeviceLocation location, Options options,
                                                                      Log log);
  ~GenericPort() override;

  void submit(Execution& execution) override;
  void drop(Execution& execution) override;
  Task<ResetResult> reset(Shard& shard, ResetLevel level) override;
  Task<bool> wait_until_idle(Shard& shard, Duration longest) override;
  Limits limits() const override;
  const Identity& identity() const override { return identity_; }
  bool gone() const override { return queue_->gone(); }
  const HostNotices* notices() const override { return notices_.get(); }
  Task<void> close(Shard& shard) override;

 private:
  struct Opened;
  GenericPort(Reactor& reactor, Shard& device_shard, const DeviceLocation& location, Log log);
  static Task<Result<Opened, OpenFault>> open_nodes(Shard& device_shard, const DeviceLocation& location,
                                                    const Options& options);
  static Task<std::string> open_bsg(Shard& device_shard, const DeviceLocation& location, const Options& options,
                                    Opened& opened);
  static Result<void, OpenFault> open_sg(Shard& device_shard, const DeviceLocation& location, const Options& options,
                                         Opened& opened);
  void take(Opened opened, const DeviceLocation& location, const Options& options);

  Reactor& reactor_;
  Shard& device_shard_;
  Identity identity_;
  Log log_;
  std::uint32_t transfer_bytes_ = 0;
  std::unique_ptr<GenericQueue> queue_;   // the device shard's
  std::unique_ptr<HostNotices> notices_;  // the device shard's
  std::unique_ptr<GenericReset> reset_;
};

}  // namespace tgt
