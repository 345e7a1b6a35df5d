// SPDX-License-Identifier: Apache-2.0
#include "device/primary/mode_select.h"

#include "core/itl_nexus.h"

namespace tgt {
namespace {

using Parameters = PrimaryDevice::ModeParameters;

// What both commands have in front of the pages.
struct Header {
  std::size_t length = 0;
  std::size_t block_descriptor_length = 0;
  std::size_t descriptor_length_at = 0;  // byte of the field
  bool long_lba = false;
};

Result<Header, Sense> header_of_6(Bytes list) {
  const auto header = read_wire<mode::Header6>(list);
  if (!header) return failure(Sense::parameter_list_length_error());
  return Header{.length = sizeof *header,
                .block_descriptor_length = header->block_descriptor_length,
                .descriptor_length_at = 3,
                .long_lba = false};
}

Result<Header, Sense> header_of_10(Bytes list) {
  const auto header = read_wire<mode::Header10>(list);
  if (!header) return failure(Sense::parameter_list_length_error());
  return Header{.length = sizeof *header,
                .block_descriptor_length = header->block_descriptor_length,
                .descriptor_length_at = 6,
                .long_lba = (header->long_lba & 1) != 0};
}

struct Blocks {
  std::uint64_t count = 0;
  std::uint64_t length = 0;
};

// The block descriptor must say what is so already, or nothing (zero, and all ones for the count).
std::optional<Sense> refuses_blocks(const Blocks& wanted, const Parameters& parameters, const Header& header) {
  const std::uint64_t whole = header.long_lba ? ~std::uint64_t{0} : 0xffffffffull;
  const bool same_count = wanted.count == 0 || wanted.count == parameters.blocks || wanted.count == whole;
  const bool same_length = wanted.length == 0 || wanted.length == parameters.block_length;
  const std::size_t length_at = header.length + (header.long_lba ? 12 : 5);
  if (!same_count) return Sense::invalid_field_in_parameter_list(static_cast<std::uint16_t>(header.length));
  if (!same_length) return Sense::invalid_field_in_parameter_list(static_cast<std::uint16_t>(length_at));
  return std::nullopt;
}

std::optional<Sense> refuses_descriptor(Bytes descriptor, const Header& header, const Parameters& parameters) {
  if (header.block_descriptor_length == 0) return std::nullopt;
  const std::size_t one =
      header.long_lba ? sizeof(mode::LongLbaBlockDescriptor) : sizeof(mode::ShortLbaBlockDescriptor);
  if (!parameters.has_blocks || header.block_descriptor_length != one) {
    return Sense::invalid_field_in_parameter_list(static_cast<std::uint16_t>(header.descriptor_length_at));
  }
  if (header.long_lba) {
    const auto blocks = read_wire<mode::LongLbaBlockDescriptor>(descriptor);
    if (!blocks) return Sense::parameter_list_length_error();
    return refuses_blocks({blocks->number_of_logical_blocks, blocks->logical_block_length}, parameters, header);
  }
  const auto blocks = read_wire<mode::ShortLbaBlockDescriptor>(descriptor);
  if (!blocks) return Sense::parameter_list_length_error();
  return refuses_blocks({blocks->number_of_logical_blocks, blocks->logical_block_length}, parameters, header);
}

Reply select_pages(PrimaryDevice& device, Command& command, Bytes list, const Header& header) {
  const auto refused = refuses_descriptor(list.subspan(header.length), header, device.mode_parameters());
  if (refused) return Reply::check_condition(*refused);
  const std::size_t offset = header.length + header.block_descriptor_length;
  const auto changed = device.select_mode_pages(list.subspan(offset), offset);
  if (!changed) return Reply::check_condition(changed.error());
  ItlNexus& itl = command.itl();
  if (*changed) itl.unit().unit_attentions().establish(Sense::mode_parameters_changed(), &itl);
  return Reply::good();
}

}  // namespace

Task<Reply> ModeSelect6::run(PrimaryDevice& device, Command& command) {
  if (command[parameter_list_length] == 0) co_return Reply::good();
  if (command[page_format] == 0) co_return Reply::check_condition(Sense::invalid_field_in_cdb(page_format));
  const auto list = co_await command.parameter_list(command[parameter_list_length]);
  if (!list) co_return Reply::check_condition(list.error());
  const auto header = header_of_6(*list);
  if (!header) co_return Reply::check_condition(header.error());
  co_return select_pages(device, command, *list, *header);
}

Task<Reply> ModeSelect10::run(PrimaryDevice& device, Command& command) {
  if (command[parameter_list_length] == 0) co_return Reply::good();
  if (command[page_format] == 0) co_return Reply::check_condition(Sense::invalid_field_in_cdb(page_format));
  const auto list = co_await command.parameter_list(command[parameter_list_length]);
  if (!list) co_return Reply::check_condition(list.error());
  const auto header = header_of_10(*list);
  if (!header) co_return Reply::check_condition(header.error());
  co_return select_pages(device, command, *list, *header);
}

}  // namespace tgt
