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

Task<std::optional<Sense>> save_pages(PrimaryDevice& device, Shard& shard) {
  SavedState state = device.saved_state();
  state.mode_pages = device.mode_pages().current_values();
  const bool safe = co_await device.save_state(shard, std::move(state));
  if (safe) co_return std::nullopt;
  co_return Sense::internal_target_failure();
}

Task<Reply> select_pages(PrimaryDevice& device, Command& command, Bytes list, Header header) {
  const auto refused = refuses_descriptor(list.subspan(header.length), header, device.mode_parameters());
  if (refused) co_return Reply::check_condition(*refused);
  const std::size_t offset = header.length + header.block_descriptor_length;
  const std::vector<std::uint8_t> before = device.mode_pages().current_values();
  const auto changed = device.select_mode_pages(list.subspan(offset), offset);
  if (!changed) co_return Reply::check_condition(changed.error());
  auto failed = co_await device.settle(command.shard());
  if (!failed && command[ModeSelect6::save_pages] != 0) failed = co_await save_pages(device, command.shard());
  if (failed) {
    device.put_back_mode_pages(before);
    co_return Reply::check_condition(*failed);
  }
  ItlNexus& itl = command.itl();
  if (*changed) itl.unit().unit_attentions().establish(Sense::mode_parameters_changed(), &itl);
  co_return Reply::good();
}

// Both commands have their flags in the same places.
Task<Reply> mode_select(PrimaryDevice& device, Command& command, Field list_length,
                        Result<Header, Sense> (*header_of)(Bytes)) {
  using Flags = ModeSelect6;
  const bool saves = command[Flags::save_pages] != 0;
  if (saves && !device.mode_pages().savable()) {
    co_return Reply::check_condition(Sense::invalid_field_in_cdb(Flags::save_pages));
  }
  const std::uint64_t length = command[list_length];
  if (length == 0 && !saves) co_return Reply::good();
  if (length != 0 && command[Flags::page_format] == 0) {
    co_return Reply::check_condition(Sense::invalid_field_in_cdb(Flags::page_format));
  }
  const auto list = co_await command.parameter_list(length);
  if (!list) co_return Reply::check_condition(list.error());
  const auto header = length == 0 ? Result<Header, Sense>(Header{}) : header_of(*list);
  if (!header) co_return Reply::check_condition(header.error());
  auto reply = co_await select_pages(device, command, *list, *header);
  co_return std::move(reply);
}

}  // namespace

Task<Reply> ModeSelect6::run(PrimaryDevice& device, Command& command) {
  return mode_select(device, command, parameter_list_length, header_of_6);
}

Task<Reply> ModeSelect10::run(PrimaryDevice& device, Command& command) {
  return mode_select(device, command, parameter_list_length, header_of_10);
}

}  // namespace tgt
