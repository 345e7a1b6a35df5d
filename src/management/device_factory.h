// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <functional>
#include <memory>
#include <optional>
#include <string>
#include <vector>

#include "base/result.h"
#include "control/management_request.h"
#include "core/device_server.h"
#include "core/target.h"
#include "scsi/lun.h"

namespace tgt {

// What is to be known of a new device.
struct DeviceRequest {
  TargetId tid = 0;
  std::string target_name{};
  Lun lun{};
  LogicalUnitKind kind = LogicalUnitKind::disk;
  std::string store_type{};  // rdwr, memory, null, sg, bsg
  std::optional<std::string> path{};
  std::string store_options{};
  bool synchronous = false;
  bool direct = false;
  std::optional<std::uint32_t> block_size{};
  // To be asked of the identity (DeviceServer::medium_identity()) of each medium that is opened, now or later, before
  // anything is read from it: why it cannot be used yet.
  std::function<Task<std::optional<std::string>>(std::string identity)> obstacle_to_medium{};
};

// Makes device servers. Implemented by the daemon, which alone knows every kind. Called on the home shard.
class DeviceFactory {
 public:
  // The error is a text for people: what, where, why and what to do next.
  virtual Task<Result<std::unique_ptr<DeviceServer>, std::string>> open(Shard& shard, DeviceRequest request) = 0;
  // The device that every target has at LUN 0 until another one takes the number.
  virtual std::unique_ptr<DeviceServer> make_controller(TargetId tid, const std::string& target_name) = 0;
  // As `tgtadm --mode system --op show` lists them: "rdwr (bsoflags sync:direct)".
  virtual std::vector<std::string> store_types() const = 0;
  virtual std::vector<std::string> device_types() const = 0;

 protected:
  ~DeviceFactory() = default;
};

}  // namespace tgt
