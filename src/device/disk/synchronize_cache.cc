// SPDX-License-Identifier: Apache-2.0
#include "device/disk/synchronize_cache.h"

#include "device/disk/store_fault.h"

namespace tgt {

Task<Reply> synchronize_cache(Disk& disk, Command& command, BlockRange range) {
  if (const auto refused = range.unreachable(disk)) co_return Reply::check_condition(*refused);
  const auto flushed = co_await disk.store().flush(command.shard());
  if (!flushed) co_return reply_for(flushed.error(), MediumAccess::writing, disk, range);
  co_return Reply::good();
}

}  // namespace tgt
