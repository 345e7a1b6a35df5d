// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>
#include <utility>

#include "base/result.h"
#include "initiator/sg_interface.h"
#include "reactor/device_file.h"
#include "reactor/task.h"

namespace tgt {

// One open descriptor of an sg node. Behind an interface, so that the queue above it is tested against a device that
// does what a test wants. On the device shard, but for control(), which is for any thread.
class SgNode {
 public:
  virtual ~SgNode() = default;
  // Hands a command over. May sleep while the host adapter is out of tags.
  virtual Result<void, IoError> start(const sg::Header& header) = 0;
  // The oldest command that has come back; IoError::Kind::no_memory (EAGAIN) when there is none.
  virtual Result<sg::Header, IoError> finish() = 0;
  // Ends when finish() may have something; with an error when it never will have any more.
  virtual Task<Result<void, IoError>> wait() = 0;
  // Ends wait().
  virtual void cancel_wait() = 0;
  virtual Result<int, IoError> control(unsigned long request, void* argument) = 0;
};

// The real thing.
class SgFile final : public SgNode {
 public:
  static Result<std::unique_ptr<SgNode>, IoError> open(Shard& device_shard, const std::string& path) {
    auto file = DeviceFile::open(device_shard, path, DeviceFile::Access::read_write);
    if (!file) return failure(file.error());
    return std::unique_ptr<SgNode>(new SgFile(std::move(*file)));
  }

  Result<void, IoError> start(const sg::Header& header) override;
  Result<sg::Header, IoError> finish() override;
  Task<Result<void, IoError>> wait() override;
  void cancel_wait() override { file_.cancel_wait(); }
  Result<int, IoError> control(unsigned long request, void* argument) override {
    return file_.ioctl(request, argument);
  }

 private:
  explicit SgFile(DeviceFile file) : file_(std::move(file)) {}
  DeviceFile file_;
};

}  // namespace tgt
