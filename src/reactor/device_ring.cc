// SPDX-License-Identifier: Apache-2.0
#include "reactor/device_ring.h"

#include <liburing.h>

#include <cerrno>
#include <cstring>
#include <thread>
#include <utility>

namespace tgt {

DeviceRing::DeviceRing(Shard& device_shard, unsigned depth)
    : shard_(&device_shard), depth_(depth), ring_(std::make_unique<io_uring>()) {}

DeviceRing::DeviceRing(DeviceRing&& other) noexcept
    : shard_(other.shard_),
      depth_(other.depth_),
      under_way_(std::exchange(other.under_way_, 0)),
      ring_(std::move(other.ring_)) {}

DeviceRing::~DeviceRing() {
  if (ring_ == nullptr) return;
  shard_->backend().forget(ring_->ring_fd);
  ::io_uring_queue_exit(ring_.get());
}

Result<DeviceRing, IoError> DeviceRing::create(Shard& device_shard, unsigned depth) {
  DeviceRing made(device_shard, depth);
  // The driver's structure does not fit into an entry of the ordinary size, nor its answer into a completion.
  const int error = -::io_uring_queue_init(depth, made.ring_.get(), IORING_SETUP_SQE128 | IORING_SETUP_CQE32);
  if (error == 0) return made;
  made.ring_.reset();
  return failure(IoError::from_errno(error));
}

Result<void, IoError> DeviceRing::submit(const DeviceFile& file, Bytes command, void* context) {
  if (command.size() > largest_command) return failure(IoError::from_errno(EINVAL));
  if (under_way_ >= depth_) return failure(IoError::from_errno(EAGAIN));
  io_uring_sqe* entry = ::io_uring_get_sqe(ring_.get());
  if (entry == nullptr) return failure(IoError::from_errno(EAGAIN));
  // An entry of the large kind: its last 80 bytes, which begin in its ordinary half, are the command.
  std::memset(static_cast<void*>(entry), 0, 2 * sizeof *entry);
  entry->opcode = IORING_OP_URING_CMD;
  entry->fd = file.descriptor_;
  std::memcpy(entry->cmd, command.data(), command.size());
  ::io_uring_sqe_set_data(entry, context);
  ++under_way_;
  // What is short for the moment comes back; nothing else would submit the entry later.
  for (int submitted = -EAGAIN; submitted == -EAGAIN || submitted == -EBUSY || submitted == -EINTR;) {
    submitted = ::io_uring_submit(ring_.get());
    if (submitted < 0) std::this_thread::yield();
  }
  return {};
}

std::optional<DeviceRing::Completion> DeviceRing::take() {
  io_uring_cqe* completion = nullptr;
  if (::io_uring_peek_cqe(ring_.get(), &completion) != 0) return std::nullopt;
  Completion taken{.context = ::io_uring_cqe_get_data(completion),
                   .error = completion->res < 0 ? -completion->res : 0,
                   .extra = completion->big_cqe[0]};
  ::io_uring_cqe_seen(ring_.get(), completion);
  --under_way_;
  return taken;
}

IoAwaitable DeviceRing::readable() const {
  Operation operation;
  operation.kind = Operation::Kind::poll_readable;
  operation.descriptor = ring_->ring_fd;
  return {shard_->backend(), operation};
}

void DeviceRing::cancel_wait() { shard_->backend().cancel_descriptor(ring_->ring_fd); }

}  // namespace tgt
