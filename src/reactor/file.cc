// SPDX-License-Identifier: Apache-2.0
#include "reactor/file.h"

#include <fcntl.h>
#include <sys/uio.h>
#include <unistd.h>

#include <algorithm>
#include <cerrno>

#include "reactor/blocking_pool.h"
#include "reactor/file_probe.h"
#include "reactor/thread.h"

namespace tgt {
namespace {

Operation range_operation(Operation::Kind kind, const File::Properties& properties, std::uint64_t offset,
                          std::uint64_t length) {
  Operation operation;
  operation.kind = kind;
  operation.offset = offset;
  operation.length = length;
  operation.block_device = properties.is_block_device;
  return operation;
}

}  // namespace

File::File(File&& other) noexcept { *this = std::move(other); }

File& File::operator=(File&& other) noexcept {
  if (this != &other) {
    close_elsewhere();
    descriptor_ = std::exchange(other.descriptor_, -1);
    properties_ = other.properties_;
    spot_reads_ = std::exchange(other.spot_reads_, SpotReads());
    never_sleeps_ = other.never_sleeps_;
    nowait_ = other.nowait_;
  }
  return *this;
}

File::~File() { close_elsewhere(); }

OpenDescriptors File::give_up() {
  const SpotReads reads = std::exchange(spot_reads_, SpotReads());
  return {.file = std::exchange(descriptor_, -1), .spot_reads = reads.descriptor};
}

Task<void> File::close(Shard& shard) {
  if (!is_open()) co_return;
  const BlockingLane its_own = lane();
  const OpenDescriptors open = give_up();
  co_await shard.blocking().run(shard, its_own, [open] { close_file(open); });
}

// Of a file that no task has closed. Where the system gives no thread it stays open: better than a shard that sleeps.
void File::close_elsewhere() {
  if (!is_open()) return;
  const OpenDescriptors open = give_up();
  if (auto thread = start_thread("tgt-close", [open] { close_file(open); })) thread->detach();
}

File File::adopt(int descriptor, const Properties& properties) {
  File file;
  file.descriptor_ = descriptor;
  file.properties_ = properties;
  return file;
}

Task<Result<File, IoError>> File::open(Shard& shard, std::string path, OpenOptions options) {
  const auto opened = co_await shard.blocking().run(shard, [&] { return open_and_probe(path, options); });
  if (!opened) co_return failure(opened.error());
  File file = adopt(opened->descriptor, opened->properties);
  file.spot_reads_ = opened->spot_reads;
  file.never_sleeps_ = opened->never_sleeps;
  file.nowait_ = opened->nowait;
  co_return std::move(file);
}

Task<Result<std::uint64_t, IoError>> File::refresh_size(Shard& shard) {
  const auto size = co_await shard.blocking().run(shard, lane(), [this] { return size_of_file(descriptor_); });
  if (size) properties_.size = *size;
  co_return size;
}

Task<Result<File, IoError>> File::reopen(Shard& shard, OpenOptions options) const {
  return open(shard, "/proc/self/fd/" + std::to_string(descriptor_), options);
}

Result<File::Facts, IoError> File::facts_at_hand() const { return facts_of_file(descriptor_); }

Task<Result<File::Space, IoError>> File::space(Shard& shard) const {
  co_return co_await shard.blocking().run(shard, lane(), [this] { return space_of_file(descriptor_); });
}

Task<Result<File::Extent, IoError>> File::extent_at(Shard& shard, std::uint64_t offset) const {
  co_return co_await shard.blocking().run(shard, lane(),
                                          [this, offset] { return extent_of_file(descriptor_, offset); });
}

File::Transfer File::read(Shard& shard, MutableBytes data, std::uint64_t offset) const {
  return {*this, shard, Operation::Kind::read, io_vector(data), offset};
}

File::Transfer File::write(Shard& shard, Bytes data, std::uint64_t offset) const {
  return {*this, shard, Operation::Kind::write, io_vector(data), offset};
}

Task<Result<void, IoError>> File::write_all(Shard& shard, Bytes data, std::uint64_t offset, std::size_t* done) const {
  std::size_t written = 0;
  while (written < data.size()) {
    const auto result = co_await write(shard, data.subspan(written), offset + written);
    if (done != nullptr) *done = written + result.value_or(0);
    if (!result) co_return failure(result.error());
    if (*result == 0) co_return failure(IoError::from_errno(EIO));
    written += *result;
  }
  co_return Result<void, IoError>();
}

IoAwaitable File::sync_data(Shard& shard) const {
  if (never_sleeps_) return {shard.backend(), ::fdatasync(descriptor_) == 0 ? 0 : -std::int64_t{errno}};
  Operation operation = range_operation(Operation::Kind::sync_data, properties_, 0, 0);
  operation.descriptor = descriptor_;
  return {shard.backend(), operation};
}

IoAwaitable File::deallocate(Shard& shard, std::uint64_t offset, std::uint64_t length) const {
  if (length == 0) return {shard.backend(), std::int64_t{0}};
  Operation operation = range_operation(Operation::Kind::deallocate, properties_, offset, length);
  operation.descriptor = descriptor_;
  return {shard.backend(), operation};
}

IoAwaitable File::write_zeros(Shard& shard, std::uint64_t offset, std::uint64_t length) const {
  if (length == 0) return {shard.backend(), std::int64_t{0}};
  Operation operation = range_operation(Operation::Kind::write_zeros, properties_, offset, length);
  operation.descriptor = descriptor_;
  return {shard.backend(), operation};
}

File::Transfer::Transfer(const File& file, Shard& shard, Operation::Kind kind, IoVector vector, std::uint64_t offset)
    : file_(file), shard_(shard), vector_(vector) {
  operation_.kind = kind;
  operation_.descriptor = file.descriptor_;
  operation_.offset = offset;
  operation_.block_device = file.properties_.is_block_device;
  operation_.nowait = file.nowait_;
}

// Never a write that may sleep: however it is asked, the kernel first waits until the file system is not frozen.
bool File::Transfer::may_try() const noexcept {
  if (file_.never_sleeps_) return true;
  return operation_.kind == Operation::Kind::read && file_.spot_reads_.may_read(operation_.offset, vector_.iov_len);
}

// What a policy refuses is not used where it is not needed: the plain calls do for memory.
ssize_t File::Transfer::move_now() noexcept {
  const auto offset = static_cast<off_t>(operation_.offset);
  if (operation_.kind == Operation::Kind::write) {
    return ::pwrite(operation_.descriptor, vector_.iov_base, vector_.iov_len, offset);
  }
  if (file_.never_sleeps_) return ::pread(operation_.descriptor, vector_.iov_base, vector_.iov_len, offset);
  return file_.spot_reads_.read(vector_, operation_.offset);
}

// Moves what can be moved without sleeping. True: that was all, and the result is set.
bool File::Transfer::on_the_spot() noexcept {
  ssize_t moved = 0;
  do {
    moved = move_now();
  } while (moved < 0 && errno == EINTR);
  if (moved < 0) {
    operation_.result = -std::int64_t{errno};
    return file_.never_sleeps_;
  }
  done_ = static_cast<std::size_t>(moved);
  operation_.result = moved;
  // Nothing at all need not be the end of the file: some kernels say so of what is not cached (5.9, 5.10).
  if (done_ == vector_.iov_len || file_.never_sleeps_) return true;
  vector_.iov_base = static_cast<std::uint8_t*>(vector_.iov_base) + done_;
  vector_.iov_len -= done_;
  operation_.offset += done_;
  return false;
}

bool File::Transfer::await_ready() noexcept { return vector_.iov_len == 0 || (may_try() && on_the_spot()); }

bool File::Transfer::await_suspend(std::coroutine_handle<> waiting) {
  operation_.vectors = &vector_;
  operation_.vector_count = 1;
  operation_.waiter = waiting;
  operation_.result = 0;
  const bool at_once = shard_.backend().start(operation_);
  return !at_once;
}

Result<std::size_t, IoError> File::Transfer::await_resume() const {
  // Bytes from the spot count even when the rest failed: the next transfer meets the error again.
  if (operation_.result < 0 && done_ == 0) return failure(IoError::from_errno(static_cast<int>(-operation_.result)));
  const auto through_backend = operation_.vectors == nullptr ? 0 : std::max<std::int64_t>(operation_.result, 0);
  if (operation_.vectors == nullptr) return static_cast<std::size_t>(operation_.result);
  return done_ + static_cast<std::size_t>(through_backend);
}

}  // namespace tgt
