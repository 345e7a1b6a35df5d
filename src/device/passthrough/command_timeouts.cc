// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/command_timeouts.h"

#include <algorithm>

#include "scsi/cdb_transfer.h"
#include "scsi/opcodes.h"
#include "scsi/report_supported.h"

namespace tgt {
namespace {

using report_supported::CommandDescriptor;
using report_supported::TimeoutsDescriptor;

std::uint16_t service_action_of(const Cdb& cdb) {
  if (cdb.operation_code() != operation_code::variable_length) return cdb.service_action();
  return static_cast<std::uint16_t>(cdb[Field{8, 7, 16}]);
}

}  // namespace

void CommandTimeouts::learn(Bytes data) {
  const auto header = read_wire<report_supported::AllCommandsHeader>(data);
  if (!header) return;
  data = data.subspan(sizeof *header);
  data = data.first(std::min<std::size_t>(data.size(), header->command_data_length));
  while (const auto descriptor = read_wire<CommandDescriptor>(data)) {
    data = data.subspan(sizeof *descriptor);
    if ((descriptor->flags & CommandDescriptor::timeouts_descriptor_present) == 0) continue;
    const auto timeouts = read_wire<TimeoutsDescriptor>(data);
    if (!timeouts) break;
    data = data.subspan(std::min<std::size_t>(data.size(), 2u + timeouts->descriptor_length));
    const bool with_action = (descriptor->flags & CommandDescriptor::service_action_valid) != 0;
    if (with_action) has_service_actions_[descriptor->operation_code] = true;
    const std::uint32_t recommended = timeouts->recommended_command_timeout;
    if (recommended == 0) continue;  // not told
    const auto action = with_action ? static_cast<std::uint16_t>(descriptor->service_action) : std::uint16_t{0};
    learned_.push_back({key(descriptor->operation_code, action), recommended});
  }
  std::ranges::sort(learned_, {}, &Row::key);
}

const CommandTimeouts::Row* CommandTimeouts::find(std::uint32_t wanted) const {
  const auto found = std::ranges::lower_bound(learned_, wanted, {}, &Row::key);
  return found != learned_.end() && found->key == wanted ? &*found : nullptr;
}

std::chrono::milliseconds CommandTimeouts::of(const Cdb& cdb) const {
  if (fixed_ != std::chrono::seconds(0)) return fixed_;
  const std::uint8_t code = cdb.operation_code();
  const Row* row = find(key(code, has_service_actions_[code] ? service_action_of(cdb) : std::uint16_t{0}));
  if (row == nullptr) return default_timeout(type_, cdb);
  return std::max(shortest, std::chrono::seconds(row->seconds));
}

}  // namespace tgt
