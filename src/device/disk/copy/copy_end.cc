// SPDX-License-Identifier: Apache-2.0
#include "device/disk/copy/copy_end.h"

#include <algorithm>

#include "core/target.h"
#include "device/primary/device_identification.h"

namespace tgt {
namespace {

using third_party_copy::IdentificationDescriptor;
using vital_product_data::DesignatorHeader;

constexpr std::uint8_t code_set_mask = 0x0f;
constexpr std::uint8_t type_mask = 0x0f;

bool is_designator(const DesignatorHeader& header, Bytes designator, const IdentificationDescriptor& wanted) {
  return (header.protocol_and_code_set & code_set_mask) == (wanted.code_set & code_set_mask) &&
         (header.association_and_type & type_mask) == (wanted.association_and_type & type_mask) &&
         std::ranges::equal(designator, Bytes(wanted.designator).first(wanted.designator_length));
}

bool has_designator(const Disk& disk, const IdentificationDescriptor& wanted) {
  std::array<std::uint8_t, 512> room{};
  ParameterWriter writer{MutableBytes(room)};
  append_logical_unit_designators(disk.identity(), writer);
  Bytes rest = writer.written();
  while (const auto header = read_wire<DesignatorHeader>(rest)) {
    rest = rest.subspan(sizeof *header);
    const std::size_t length = std::min<std::size_t>(header->designator_length, rest.size());
    if (is_designator(*header, rest.first(length), wanted)) return true;
    rest = rest.subspan(length);
  }
  return false;
}

std::shared_ptr<ItlNexus> shared(const ItlNexus& wanted) {
  for (auto& itl : wanted.nexus().itls()) {
    if (itl.get() == &wanted) return std::move(itl);
  }
  return nullptr;
}

}  // namespace

std::optional<CopyEnd> find_copy_end(const Command& command, const IdentificationDescriptor& wanted) {
  if (wanted.designator_length > wanted.designator.size()) return std::nullopt;
  std::optional<CopyEnd> found;
  Nexus& nexus = command.nexus();
  for (const auto& [lun, unit] : nexus.target().logical_units()) {
    auto* const disk = dynamic_cast<Disk*>(&unit->device());
    if (disk == nullptr || !has_designator(*disk, wanted)) continue;
    const ItlNexus* const itl = nexus.itl(lun);  // what this initiator may see
    if (itl == nullptr || &itl->unit() != unit.get()) continue;
    if (found && found->disk == disk) continue;
    if (found) return std::nullopt;
    found = CopyEnd{.itl = shared(*itl), .disk = disk, .generation = itl->generation()};
  }
  return found && found->itl ? found : std::nullopt;
}

std::optional<CopyEnd> own_copy_end(const Command& command) {
  std::shared_ptr<ItlNexus> itl = shared(command.itl());
  if (!itl) return std::nullopt;
  const std::uint32_t generation = itl->generation();
  return CopyEnd{
      .itl = std::move(itl), .disk = dynamic_cast<Disk*>(&command.itl().unit().device()), .generation = generation};
}

IdentificationDescriptor identification_of(const Disk& disk) {
  const be64 naa = disk.identity().naa_identifier();
  IdentificationDescriptor descriptor;
  descriptor.code_set = static_cast<std::uint8_t>(vital_product_data::CodeSet::binary);
  descriptor.association_and_type = static_cast<std::uint8_t>(vital_product_data::DesignatorType::naa);
  descriptor.designator_length = sizeof naa;
  copy_bytes(bytes_of(naa), MutableBytes(descriptor.designator));
  descriptor.disk_block_length = disk.block_size().bytes();
  return descriptor;
}

}  // namespace tgt
