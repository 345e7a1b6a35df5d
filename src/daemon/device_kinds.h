// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <vector>

#include "base/log.h"
#include "device/passthrough/devices_in_use.h"
#include "management/device_factory.h"
#include "reactor/reactor.h"

namespace tgt {

// The kinds of devices that can be made, by the words of tgtadm: `--device-type` and `--bstype`.
class DeviceKinds final : public DeviceFactory {
 public:
  DeviceKinds(Reactor& reactor, Log log) : reactor_(reactor), log_(std::move(log)) {}

  using Opened = Result<std::unique_ptr<DeviceServer>, std::string>;
  Task<Opened> open(Shard& shard, DeviceRequest request) override;
  std::unique_ptr<DeviceServer> make_controller(TargetId tid, const std::string& target_name) override;
  std::vector<std::string> store_types() const override;
  std::vector<std::string> device_types() const override;

 private:
  Task<Opened> open_disk(Shard& shard, DeviceRequest request);
  Task<Opened> open_real_device(Shard& shard, DeviceRequest request);

  Reactor& reactor_;
  DevicesInUse devices_in_use_;
  Log log_;
};

}  // namespace tgt
