// SPDX-License-Identifier: Apache-2.0
#include "device/primary/mode_sense.h"

#include <algorithm>

namespace tgt {
namespace {

constexpr std::size_t room = 4096;
using Parameters = PrimaryDevice::ModeParameters;

// The fields that both commands have in the same places.
struct Question {
  mode::PageControl control{};
  ModePages::Code wanted;
};

// Either the pages to return or why not.
Result<std::vector<ModePages::Code>, Sense> pages_for(const PrimaryDevice& device, const Question& question) {
  const bool nothing_saved = question.control == mode::PageControl::saved && !device.mode_pages().savable();
  if (nothing_saved) return failure(Sense::saving_parameters_not_supported());
  auto codes = device.mode_pages().matching(question.wanted);
  if (!codes.empty()) return codes;
  const bool only_subpage_unknown = device.mode_pages().has_page(question.wanted.page);
  return failure(Sense::invalid_field_in_cdb(only_subpage_unknown ? ModeSense6::subpage_code : ModeSense6::page_code));
}

Question question_of(const Command& command) {
  return {.control = static_cast<mode::PageControl>(command[ModeSense6::page_control]),
          .wanted = {.page = static_cast<std::uint8_t>(command[ModeSense6::page_code]),
                     .subpage = static_cast<std::uint8_t>(command[ModeSense6::subpage_code])}};
}

void append_block_descriptor(const Parameters& parameters, ParameterWriter& writer) {
  const std::uint64_t blocks = std::min<std::uint64_t>(parameters.blocks, 0xffffffffull);
  writer.append(mode::ShortLbaBlockDescriptor{.number_of_logical_blocks = static_cast<std::uint32_t>(blocks),
                                              .logical_block_length = parameters.block_length});
}

void append_long_block_descriptor(const Parameters& parameters, ParameterWriter& writer) {
  writer.append(mode::LongLbaBlockDescriptor{.number_of_logical_blocks = parameters.blocks,
                                             .logical_block_length = parameters.block_length});
}

void append_pages(const PrimaryDevice& device, const Question& question, std::span<const ModePages::Code> codes,
                  ParameterWriter& writer) {
  for (const ModePages::Code code : codes) writer.append(Bytes(device.mode_pages().read(code, question.control)));
}

}  // namespace

Reply ModeSense6::run(PrimaryDevice& device, Command& command) {
  const Question question = question_of(command);
  const auto codes = pages_for(device, question);
  if (!codes) return Reply::check_condition(codes.error());
  const Parameters parameters = device.mode_parameters();
  const bool describes_blocks = parameters.has_blocks && command[disable_block_descriptors] == 0;
  Reply reply = parameter_data(command, room, [&](ParameterWriter& writer) {
    mode::Header6 header{.device_specific_parameter = parameters.device_specific};
    if (describes_blocks) header.block_descriptor_length = sizeof(mode::ShortLbaBlockDescriptor);
    writer.append(header);
    if (describes_blocks) append_block_descriptor(parameters, writer);
    append_pages(device, question, *codes, writer);
    header.mode_data_length = static_cast<std::uint8_t>(writer.length() - 1);
    writer.replace(0, header);
  });
  // MODE DATA LENGTH has one byte: more than that can only be had with MODE SENSE(10).
  if (reply.data_length > 256) return Reply::check_condition(Sense::invalid_field_in_cdb(page_code));
  return reply;
}

Reply ModeSense10::run(PrimaryDevice& device, Command& command) {
  const Question question = question_of(command);
  const auto codes = pages_for(device, question);
  if (!codes) return Reply::check_condition(codes.error());
  const Parameters parameters = device.mode_parameters();
  const bool describes_blocks = parameters.has_blocks && command[disable_block_descriptors] == 0;
  const bool long_descriptor = describes_blocks && command[long_lba_accepted] != 0;
  return parameter_data(command, room, [&](ParameterWriter& writer) {
    mode::Header10 header{.device_specific_parameter = parameters.device_specific};
    header.long_lba = long_descriptor ? 1 : 0;
    writer.append(header);
    if (long_descriptor) append_long_block_descriptor(parameters, writer);
    if (describes_blocks && !long_descriptor) append_block_descriptor(parameters, writer);
    header.block_descriptor_length = static_cast<std::uint16_t>(writer.length() - sizeof header);
    append_pages(device, question, *codes, writer);
    header.mode_data_length = static_cast<std::uint16_t>(writer.length() - 2);
    writer.replace(0, header);
  });
}

}  // namespace tgt
