// SPDX-License-Identifier: Apache-2.0
#include "core/report_luns.h"

#include <cstring>
#include <vector>

#include "core/itl_nexus.h"
#include "core/target.h"
#include "scsi/lun.h"
#include "scsi/report_luns.h"

namespace tgt {
namespace {

std::vector<be64> entries(const Target& target, SelectReport selection) {
  std::vector<be64> list;
  if (selection != SelectReport::well_known) {
    for (const auto& [lun, unit] : target.logical_units()) list.push_back(lun.to_wire());
  }
  if (selection != SelectReport::addressable) list.push_back(report_luns_well_known_unit);
  return list;
}

// The initiator learns the new list by this command (SAM-6, 5.14).
void clear_reported_luns_data_changed(Nexus& nexus) {
  for (const auto& itl : nexus.itls()) {
    if ((itl->armed() & ItlNexus::unit_attention) == 0) continue;
    itl->unit().unit_attentions().clear(*itl, Sense::reported_luns_data_changed());
  }
}

void establish_reported_luns_data_changed(Nexus& nexus) {
  for (const auto& itl : nexus.itls()) {
    itl->unit().unit_attentions().establish_for(*itl, Sense::reported_luns_data_changed());
  }
}

}  // namespace

Reply ReportLuns::run(DeviceServer&, Command& command) {
  const std::uint64_t selection = command[select_report];
  if (selection > static_cast<std::uint64_t>(SelectReport::all)) {
    return Reply::check_condition(Sense::invalid_field_in_cdb(select_report));
  }
  const std::vector<be64> list = entries(command.nexus().target(), static_cast<SelectReport>(selection));
  const std::size_t list_length = list.size() * sizeof(be64);
  Result<Buffer, Sense> buffer = command.allocate_data_in(sizeof(ReportLunsHeader) + list_length);
  if (!buffer) return Reply::check_condition(buffer.error());
  const ReportLunsHeader header{.lun_list_length = static_cast<std::uint32_t>(list_length), .reserved = 0u};
  std::memcpy(buffer->data(), &header, sizeof header);
  if (!list.empty()) std::memcpy(buffer->data() + sizeof header, list.data(), list_length);
  clear_reported_luns_data_changed(command.nexus());
  // What changed on another shard after the list was made is not in it.
  const bool changed = entries(command.nexus().target(), static_cast<SelectReport>(selection)) != list;
  if (changed) establish_reported_luns_data_changed(command.nexus());
  return Reply::data_in(std::move(*buffer), sizeof header + list_length);
}

}  // namespace tgt
