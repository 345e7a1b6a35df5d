// SPDX-License-Identifier: Apache-2.0
#include "initiator/bsg_node.h"

#include <array>
#include <cerrno>

#include "scsi/sense.h"

namespace tgt {
namespace {

constexpr std::uint32_t probe_milliseconds = 10'000;
constexpr Duration pause_after_fault = 10ms;

static_assert(SenseData::longest >= bsg::least_sense_buffer);
static_assert(sizeof(bsg::Request) == DeviceRing::largest_command);

std::uint64_t address_of(const void* memory) { return reinterpret_cast<std::uintptr_t>(memory); }

}  // namespace

Task<Result<std::unique_ptr<GenericNode>, IoError>> BsgNode::open(Shard& device_shard, std::string path,
                                                                  std::uint32_t capacity) {
  auto file = DeviceFile::open(device_shard, path, DeviceFile::Access::read_write);
  if (!file) co_return failure(file.error());
  auto ring = DeviceRing::create(device_shard, capacity);
  if (!ring) co_return failure(ring.error());
  std::unique_ptr<BsgNode> node(new BsgNode(std::move(*file), std::move(*ring), capacity));
  auto works = co_await probe(device_shard, *node);
  if (!works) co_return failure(works.error());
  std::unique_ptr<GenericNode> opened = std::move(node);
  co_return opened;
}

// What the device says to it is all the same, and the first command after a power-on is nobody's yet: that unit
// attention belongs to no initiator.
Task<Result<void, IoError>> BsgNode::probe(Shard& device_shard, BsgNode& node) {
  const std::array<std::uint8_t, 6> test_unit_ready{};
  std::array<std::uint8_t, SenseData::longest> sense{};
  sg::Header header;
  header.cdb = test_unit_ready.data();
  header.cdb_length = static_cast<std::uint8_t>(test_unit_ready.size());
  header.sense = sense.data();
  header.longest_sense = static_cast<std::uint8_t>(sense.size());
  header.timeout_milliseconds = probe_milliseconds;
  auto started = node.start(header);
  if (!started) co_return failure(started.error());
  for (;;) {
    auto done = node.finish();
    if (done && done->error_number != 0) co_return failure(IoError::from_errno(done->error_number));
    if (done) co_return Result<void, IoError>();
    // Not left before it is back: the sense buffer is the kernel's until then.
    auto ready = co_await node.wait();
    if (!ready) co_await device_shard.sleep(pause_after_fault);
  }
}

bsg::Request BsgNode::request_of(const sg::Header& header) {
  bsg::Request request;
  request.cdb = address_of(header.cdb);
  request.cdb_length = header.cdb_length;
  request.sense = address_of(header.sense);
  request.longest_sense = header.longest_sense;
  request.timeout_milliseconds = header.timeout_milliseconds;
  if (header.transfer_direction == sg::to_device) {
    request.data_out = address_of(header.data);
    request.data_out_length = header.transfer_length;
  } else if (header.transfer_direction != sg::no_transfer) {
    // With or without sg's filling first: here the device's data lands in the caller's own bytes, or in pages that the
    // kernel has cleared.
    request.data_in = address_of(header.data);
    request.data_in_length = header.transfer_length;
  }
  return request;
}

GenericNode::Finished BsgNode::finished(const sg::Header& header, const DeviceRing::Completion& completion) {
  Finished finished{.header = header, .error_number = completion.error};
  const bsg::Answer answer = bsg::answer_of(completion.extra);
  finished.header.status = answer.status;
  finished.header.driver_status = answer.driver_status;
  finished.header.host_status = answer.host_status;
  finished.header.sense_length = answer.sense_length;
  finished.header.residual = answer.residual;
  return finished;
}

Result<void, IoError> BsgNode::start(sg::Header& header) {
  if (header.cdb_length > bsg::longest_cdb) return failure(IoError::from_errno(EMSGSIZE));
  const bsg::Request request = request_of(header);
  const Bytes bytes{reinterpret_cast<const std::uint8_t*>(&request), sizeof request};
  return ring_.submit(file_, bytes, &header);
}

Result<GenericNode::Finished, IoError> BsgNode::finish() {
  const auto completion = ring_.take();
  if (!completion) return failure(IoError::from_errno(EAGAIN));
  return finished(*static_cast<const sg::Header*>(completion->context), *completion);
}

Task<Result<void, IoError>> BsgNode::wait() {
  auto ready = co_await ring_.readable();
  if (!ready) co_return failure(ready.error());
  co_return Result<void, IoError>();
}

}  // namespace tgt
