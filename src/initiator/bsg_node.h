// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <string>

#include "initiator/bsg_interface.h"
#include "initiator/generic_node.h"
#include "reactor/device_file.h"
#include "reactor/device_ring.h"

namespace tgt {

// A bsg node whose commands go through an io_uring: starting never sleeps, one wake-up brings all that came back, and
// the device reads and writes the command's memory itself where its alignment allows. The driver puts every command at
// the tail of the device's queue, and cannot take one back.
class BsgNode final : public GenericNode {
 public:
  // Opens the node and has it carry one TEST UNIT READY, since no other sign tells whether it can; its error is
  // Kind::not_supported where the kernel cannot. On the device shard.
  static Task<Result<std::unique_ptr<GenericNode>, IoError>> open(Shard& device_shard, std::string path,
                                                                  std::uint32_t capacity);

  std::uint32_t capacity() const override { return capacity_; }
  bool lends_memory() const override { return true; }
  Result<void, IoError> start(sg::Header& header) override;
  Result<Finished, IoError> finish() override;
  Task<Result<void, IoError>> wait() override;
  void cancel_wait() override { ring_.cancel_wait(); }
  Result<int, IoError> control(unsigned long request, void* argument) override {
    return file_.ioctl(request, argument);
  }

  // A command and its end, from sg's form to bsg's and back.
  static bsg::Request request_of(const sg::Header& header);
  static Finished finished(const sg::Header& header, const DeviceRing::Completion& completion);

 private:
  BsgNode(DeviceFile file, DeviceRing ring, std::uint32_t capacity)
      : file_(std::move(file)), ring_(std::move(ring)), capacity_(capacity) {}
  static Task<Result<void, IoError>> probe(Shard& device_shard, BsgNode& node);

  DeviceFile file_;
  DeviceRing ring_;
  std::uint32_t capacity_;
};

}  // namespace tgt
