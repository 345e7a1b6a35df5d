// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <memory>
#include <optional>

#include "core/itl_nexus.h"
#include "device/disk/disk.h"
#include "scsi/third_party_copy.h"

namespace tgt {

// A copy source or copy destination: a disk, as the initiator that wants the copy sees it. While one of these is there
// the objects are; the administrator may have taken the unit away all the same, which a CopyPart finds out.
struct CopyEnd {
  std::shared_ptr<ItlNexus> itl;
  Disk* disk = nullptr;
  std::uint32_t generation = 0;  // ItlNexus::generation() when the copy was planned: no part of it reaches another one

  bool is_unit_of(const CopyEnd& other) const { return &itl->unit() == &other.itl->unit(); }
};

// The disk with this designator among the logical units that the nexus of `command` has through its own target. What is
// not among them does not exist for a copy, whatever else the daemon serves (CVE-2020-28374). Nothing, too, when two of
// them claim the same designator: a guess could write to the wrong one. On the shard of the command.
std::optional<CopyEnd> find_copy_end(const Command& command, const third_party_copy::IdentificationDescriptor& wanted);

// The logical unit that the command was sent to.
std::optional<CopyEnd> own_copy_end(const Command& command);

// The descriptor by which a copy finds this disk.
third_party_copy::IdentificationDescriptor identification_of(const Disk& disk);

}  // namespace tgt
