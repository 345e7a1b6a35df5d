// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/limits.h"

#include <algorithm>

namespace tgt {
namespace {

constexpr Field maximum_logical_object_identifier{1, 0, 1};  // MLOI: another kind of answer

struct ReadBlockLimitsData {
  std::uint8_t granularity = 0;
  be24 maximum_block_length{};  // 0: no limit
  be16 minimum_block_length{};
};
static_assert(WireStruct<ReadBlockLimitsData> && sizeof(ReadBlockLimitsData) == 6);

}  // namespace

void correct_block_limits(MutableBytes data, std::uint32_t transfer_limit) {
  auto limits = read_wire<ReadBlockLimitsData>(data);
  if (!limits) return;
  constexpr std::uint32_t highest = 0xffffff;
  const std::uint32_t limit = std::min(transfer_limit, highest);
  const std::uint32_t maximum = limits->maximum_block_length;
  limits->maximum_block_length = maximum == 0 ? limit : std::min(maximum, limit);
  copy_bytes(bytes_of(*limits), data);
}

Task<Reply> pass_read_block_limits(PassthroughDevice& device, Command& command) {
  Reply reply = co_await device.forward(command);
  if (reply.status == Status::good && reply.data && command[maximum_logical_object_identifier] == 0) {
    correct_block_limits(reply.data.first(reply.data_length), device.transfer_limit());
  }
  co_return reply;
}

}  // namespace tgt
