// SPDX-License-Identifier: Apache-2.0
#include "device/disk/store_fault.h"

namespace tgt {
namespace {

Sense medium_sense(MediumAccess access) {
  return access == MediumAccess::writing ? Sense::write_error() : Sense::unrecovered_read_error();
}

MediumCounters::Kind kind_of(MediumAccess access) {
  switch (access) {
    case MediumAccess::reading:
      return MediumCounters::Kind::read;
    case MediumAccess::writing:
      return MediumCounters::Kind::write;
    case MediumAccess::verifying:
      return MediumCounters::Kind::verify;
  }
  return MediumCounters::Kind::read;
}

Reply medium_error(Sense sense, const IoFault& fault, const Disk& disk, const BlockRange& range) {
  sense.information = range.address.value + (fault.done >> disk.block_size().exponent);
  return Reply::check_condition(sense);
}

}  // namespace

Reply reply_for(const IoFault& fault, MediumAccess access, const Disk& disk, const BlockRange& range) {
  switch (fault.kind) {
    case IoFault::Kind::medium:
    case IoFault::Kind::end_of_store:
      disk.counters().count_error(kind_of(access));
      return medium_error(medium_sense(access), fault, disk, range);
    case IoFault::Kind::no_space:
      return medium_error(Sense::space_allocation_failed(), fault, disk, range);
    case IoFault::Kind::read_only:
    case IoFault::Kind::permission_denied:
      return Reply::check_condition(Sense::write_protected());
    case IoFault::Kind::no_device:
    case IoFault::Kind::not_found:
    case IoFault::Kind::path_lost:
      return Reply::check_condition(Sense::logical_unit_communication_failure());
    case IoFault::Kind::timed_out:
      return Reply::check_condition(Sense::logical_unit_communication_time_out());
    case IoFault::Kind::reserved:
      return Reply::with_status(Status::reservation_conflict);
    case IoFault::Kind::busy:
    case IoFault::Kind::no_resources: {
      Reply busy = Reply::with_status(Status::busy);
      const bool has_written = access == MediumAccess::writing && fault.done != 0;
      return has_written ? reply_after_change(std::move(busy)) : std::move(busy);
    }
    case IoFault::Kind::cancelled:
      return Reply::check_condition(Sense::aborted_command());
    case IoFault::Kind::invalid:
    case IoFault::Kind::not_supported:
      return Reply::check_condition(Sense::internal_target_failure());
  }
  return Reply::check_condition(Sense::internal_target_failure());
}

Reply reply_after_change(Reply reply) {
  return reply.status == Status::busy ? Reply::check_condition(Sense::aborted_command()) : std::move(reply);
}

Task<std::optional<Reply>> make_durable(Disk& disk, Command& command, BlockRange range, Durable when) {
  if (when == Durable::without_cache && disk.write_cache_enabled()) co_return std::nullopt;
  const auto flushed = co_await disk.store().flush(command.shard());
  if (flushed) co_return std::nullopt;
  co_return reply_after_change(reply_for(flushed.error(), MediumAccess::writing, disk, range));
}

Task<Reply> conclude_write(Disk& disk, Command& command, Written written) {
  const BlockRange& range = written.range;
  auto volatile_yet =
      co_await make_durable(disk, command, range, written.force_unit_access ? Durable::always : Durable::without_cache);
  if (volatile_yet) co_return std::move(*volatile_yet);
  disk.counters().count(MediumCounters::Kind::write, command.shard(), range.count.value, written.began);
  if (disk.space().watched()) co_await disk.space().after_write(disk, command, range.bytes(disk));
  co_return Reply::good();
}

}  // namespace tgt
