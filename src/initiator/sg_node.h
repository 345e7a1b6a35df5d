// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <utility>

#include "initiator/generic_node.h"
#include "reactor/device_file.h"

namespace tgt {

// A descriptor of an sg node. The driver copies data in write() and read(), so what it still has is its own.
class SgNode final : public GenericNode {
 public:
  enum class Use : std::uint8_t { commands, control_only };
  static Result<std::unique_ptr<GenericNode>, IoError> open(Shard& device_shard, const std::string& path,
                                                            Use use = Use::commands) {
    auto file = DeviceFile::open(device_shard, path, DeviceFile::Access::read_write);
    if (!file) return failure(file.error());
    return std::unique_ptr<GenericNode>(new SgNode(std::move(*file), use));
  }

  std::uint32_t capacity() const override { return use_ == Use::commands ? sg::requests_of_one_descriptor : 0; }
  bool lends_memory() const override { return false; }
  Result<void, IoError> start(sg::Header& header) override;
  Result<Finished, IoError> finish() override;
  Task<Result<void, IoError>> wait() override;
  void cancel_wait() override { file_.cancel_wait(); }
  Result<int, IoError> control(unsigned long request, void* argument) override {
    return file_.ioctl(request, argument);
  }

 private:
  SgNode(DeviceFile file, Use use) : file_(std::move(file)), use_(use) {}
  DeviceFile file_;
  Use use_;
};

}  // namespace tgt
