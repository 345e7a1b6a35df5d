// SPDX-License-Identifier: Apache-2.0
#include "device/disk/copy/copy_part.h"

#include "core/task_router.h"
#include "device/disk/read.h"
#include "device/disk/write.h"
#include "device/disk/write_same.h"
#include "reactor/yield.h"

namespace tgt {
namespace {

// No initiator names a task so (iSCSI's tags have 32 bits): ABORT TASK never hits a part instead of the whole.
constexpr TaskTag tag_of_parts{~std::uint64_t{0}};
// How long an end may be full before the copy gives up.
constexpr unsigned most_attempts = 500;
constexpr Duration between_attempts = 10ms;

class CopyPart final : public Command {
 public:
  CopyPart(Command& whole, const CopyEnd& end, const Request& request, MutableBytes data)
      : Command(whole, *end.itl, end.generation, request), data_(data) {}

 private:
  bool has_data_out(std::uint32_t) const override { return true; }
  Task<bool> fetch_data_out(std::uint32_t) override { co_return true; }
  MutableBytes fetched_data_out() override { return data_; }
  void abandon_data_out() override {}
  MutableBytes data_;
};

Command::Request request_of(std::uint8_t operation_code, BlockRange range) {
  std::array<std::uint8_t, 16> bytes{operation_code};
  Layout16::logical_block_address.write(bytes, range.address.value);
  Layout16::transfer_length.write(bytes, range.count.value);
  Command::Request request;
  request.tag = tag_of_parts;
  request.cdb = *Cdb::from_transport(bytes);
  return request;
}

bool has_no_room(const Reply& reply) { return reply.status == Status::busy || reply.status == Status::task_set_full; }

// The reply to GOOD, or the fault. Many parts may follow each other without ever waiting, so each lets others go first.
Task<Result<Reply, PartFault>> execute(Command& whole, const CopyEnd& end, Command::Request request,
                                       MutableBytes data) {
  request.lun = end.itl->lun().to_wire();
  for (unsigned attempt = 0; attempt < most_attempts; ++attempt) {
    co_await Yield(whole.shard());
    if (whole.abort_requested()) co_return failure(PartFault{});
    CopyPart part(whole, end, request, data);
    const auto outcome = co_await TaskRouter::execute(part);
    if (outcome == TaskRouter::Outcome::silent) co_return failure(PartFault{});
    if (part.reply().status == Status::good) co_return std::move(part.reply());
    const bool again = has_no_room(part.reply()) && attempt + 1 < most_attempts;
    if (!again) co_return failure(PartFault{.status = part.reply().status, .sense = part.reply().sense});
    co_await whole.shard().sleep(between_attempts);
  }
  co_return failure(PartFault{.status = Status::busy, .sense = std::nullopt});
}

}  // namespace

Task<Result<Buffer, PartFault>> read_part(Command& whole, const CopyEnd& end, BlockRange range) {
  Command::Request request = request_of(Read16::operation_code, range);
  request.expected_data_in.bytes = static_cast<std::uint32_t>(range.bytes(*end.disk));
  auto done = co_await execute(whole, end, request, {});
  if (!done) co_return failure(done.error());
  co_return std::move(done->data);
}

Task<Result<void, PartFault>> write_part(Command& whole, const CopyEnd& end, BlockRange range, MutableBytes data) {
  Command::Request request = request_of(Write16::operation_code, range);
  request.expected_data_out.bytes = static_cast<std::uint32_t>(data.size());
  const auto done = co_await execute(whole, end, request, data);
  if (!done) co_return failure(done.error());
  co_return Result<void, PartFault>();
}

Task<Result<void, PartFault>> write_zeros_part(Command& whole, const CopyEnd& end, BlockRange range) {
  std::array<std::uint8_t, 16> bytes{};
  Command::Request request = request_of(WriteSame16::operation_code, range);
  copy_bytes(request.cdb.bytes(), bytes);
  WriteSame16::no_data_out_buffer.write(bytes, 1);
  if (end.disk->thin()) WritingSame::unmap.write(bytes, 1);
  request.cdb = *Cdb::from_transport(bytes);
  const auto done = co_await execute(whole, end, request, {});
  if (!done) co_return failure(done.error());
  co_return Result<void, PartFault>();
}

}  // namespace tgt
