// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/pages.h"

#include <fmt/format.h>

#include <algorithm>
#include <array>
#include <set>

#include "core/target.h"
#include "scsi/vital_product_data.h"

namespace tgt {
namespace {

using namespace vital_product_data;

constexpr std::uint8_t scsi_ports_page = 0x88;
constexpr std::uint8_t third_party_copy_page = 0x8f;

PageHeader header_of(const DeviceFacts& facts, Page page) {
  return {.qualifier_and_type = static_cast<std::uint8_t>(facts.type), .page_code = static_cast<std::uint8_t>(page)};
}

// The page's length is known when everything else has been written.
void finish(ParameterWriter& writer) {
  const auto header = read_wire<PageHeader>(writer.written());
  if (!header) return;
  PageHeader finished = *header;
  finished.page_length = static_cast<std::uint16_t>(writer.length() - sizeof finished);
  writer.replace(0, finished);
}

Bytes body_of(Bytes page) { return page.size() > sizeof(PageHeader) ? page.subspan(sizeof(PageHeader)) : Bytes(); }

// UTF-8, ended by a null byte and filled to a multiple of four (SPC-6, 7.7.6.11).
void append_name(ParameterWriter& writer, Association association, std::string name) {
  name.resize(name.size() / 4 * 4 + 4, '\0');
  writer.append(iscsi_designator_header(association, DesignatorType::scsi_name_string, CodeSet::utf_8,
                                        static_cast<std::uint8_t>(std::min<std::size_t>(name.size(), 0xff))));
  writer.append_text(name);
}

}  // namespace

bool is_hidden_page(std::uint8_t page) { return page == scsi_ports_page || page == third_party_copy_page; }

void write_supported_pages(const DeviceFacts& facts, Bytes original, ParameterWriter& writer) {
  writer.append(read_wire<PageHeader>(original).value_or(header_of(facts, Page::supported_pages)));
  const Bytes listed = body_of(original);
  std::set<std::uint8_t> pages(listed.begin(), listed.end());
  std::erase_if(pages, is_hidden_page);
  pages.insert(static_cast<std::uint8_t>(Page::supported_pages));
  if (facts.is_disk()) pages.insert(static_cast<std::uint8_t>(Page::block_limits));
  for (const std::uint8_t page : pages) writer.append(page);
  finish(writer);
}

void write_device_identification(const Nexus& nexus, Bytes original, ParameterWriter& writer) {
  writer.append(read_wire<PageHeader>(original).value_or(PageHeader{}));
  for (Bytes rest = body_of(original); !rest.empty();) {
    const auto header = read_wire<DesignatorHeader>(rest);
    if (!header || sizeof *header + header->designator_length > rest.size()) break;
    const std::size_t whole = sizeof *header + header->designator_length;
    const auto association = static_cast<Association>((header->association_and_type >> 4) & 3);
    if (association == Association::logical_unit) writer.append(rest.first(whole));
    rest = rest.subspan(whole);
  }
  const Target& target = nexus.target();
  if (target.driver() == "iscsi") {
    const std::uint16_t relative_port = nexus.properties().relative_target_port;
    const PortNumber number{.number = relative_port};
    writer.append(iscsi_designator_header(Association::target_port, DesignatorType::relative_target_port,
                                          CodeSet::binary, sizeof number));
    writer.append(number);
    const PortNumber group{.number = target.port_groups().group_of(relative_port)};
    writer.append(iscsi_designator_header(Association::target_port, DesignatorType::target_port_group, CodeSet::binary,
                                          sizeof group));
    writer.append(group);
    append_name(writer, Association::target_port, fmt::format("{},t,0x{:04x}", target.name(), relative_port));
    append_name(writer, Association::target_device, target.name());
  }
  finish(writer);
}

void write_extended_inquiry_data(Bytes original, ParameterWriter& writer) {
  constexpr std::size_t support = sizeof(PageHeader) + 1;
  constexpr std::uint8_t priority_supported = 0x08;
  constexpr std::uint8_t all_attributes = 0x07;  // HEADSUP, ORDSUP, SIMPSUP
  writer.append(original);
  const MutableBytes page = writer.written();
  if (page.size() > support) {
    page[support] = static_cast<std::uint8_t>((page[support] & ~priority_supported) | all_attributes);
  }
}

void write_block_limits(const DeviceFacts& facts, std::uint32_t transfer_blocks, Bytes original,
                        ParameterWriter& writer) {
  writer.append(read_wire<PageHeader>(original).value_or(header_of(facts, Page::block_limits)));
  // Devices of older standards have a shorter page; what they lack is zero: not told.
  std::array<std::uint8_t, sizeof(BlockLimits)> bytes{};
  const Bytes body = body_of(original);
  copy_bytes(body, bytes);
  BlockLimits limits = read_wire<BlockLimits>(bytes).value_or(BlockLimits{});
  const auto clamp = [&](be32& field) {
    if (field == 0 || field > transfer_blocks) field = transfer_blocks;
  };
  const auto clamp_if_told = [&](be32& field) {
    if (field != 0) clamp(field);
  };
  clamp(limits.maximum_transfer_length);
  clamp_if_told(limits.optimal_transfer_length);
  clamp_if_told(limits.maximum_atomic_transfer_length);
  clamp_if_told(limits.maximum_atomic_transfer_length_with_atomic_boundary);
  // COMPARE AND WRITE brings its blocks twice.
  const std::uint32_t twice = std::min<std::uint32_t>(transfer_blocks / 2, 0xff);
  limits.maximum_compare_and_write_length =
      static_cast<std::uint8_t>(std::min<std::uint32_t>(limits.maximum_compare_and_write_length, twice));
  writer.append(limits);
  if (body.size() > sizeof limits) writer.append(body.subspan(sizeof limits));
  finish(writer);
}

}  // namespace tgt
