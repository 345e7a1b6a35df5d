// SPDX-License-Identifier: Apache-2.0
#include "device/disk/start_stop_unit.h"

#include "core/itl_nexus.h"
#include "device/disk/store_fault.h"

namespace tgt {

namespace {

Task<Reply> flush(Disk& disk, Command& command) {
  const auto flushed = co_await disk.store().flush(command.shard());
  if (!flushed) co_return reply_for(flushed.error(), MediumAccess::writing, disk, {});
  co_return Reply::good();
}

}  // namespace

Task<Reply> StartStopUnit::run(Disk& disk, Command& command) {
  if (command[power_condition] != 0) co_return Reply::good();
  const bool moves_medium = command[load_eject] != 0;
  const bool starts = command[start] != 0;
  if (moves_medium && !disk.removable()) co_return Reply::check_condition(Sense::invalid_field_in_cdb(load_eject));
  if (moves_medium && disk.medium_removal().prevented()) {  // loading too: initiators' test suites expect it
    co_return Reply::check_condition(Sense::medium_removal_prevented());
  }
  // The others may not have seen the medium go, and do not know that it may be another one.
  const bool comes = moves_medium && starts && disk.load();
  if (comes) command.itl().unit().unit_attentions().establish(Sense::medium_may_have_changed(), &command.itl());
  const bool ejects = moves_medium && !starts;
  if (ejects && disk.medium_absent()) co_return Reply::good();  // it is out already
  if (const auto absent = disk.medium_absent()) co_return Reply::check_condition(*absent);
  if (const auto sealed = disk.medium_work().obstacle_to_all()) co_return Reply::check_condition(*sealed);
  if (starts) co_return Reply::good();
  if (command[no_flush] == 0) {
    Reply flushed = co_await flush(disk, command);
    if (flushed.status != Status::good) co_return std::move(flushed);
  }
  const bool stays = ejects && !disk.eject();  // prevented meanwhile
  co_return stays ? Reply::check_condition(Sense::medium_removal_prevented()) : Reply::good();
}

}  // namespace tgt
