// SPDX-License-Identifier: Apache-2.0
#include "device/disk/copy/receive_rod_token_information.h"

#include "device/disk/copy/third_party_copies.h"

namespace tgt {
namespace {

using namespace third_party_copy;
using Operation = CopyOperations::Operation;

struct InformationHeader {
  be32 available_data{};
  std::uint8_t response_to_service_action = 0;
  std::uint8_t copy_operation_status = 0;
  be16 operation_counter{};
  be32 estimated_status_update_delay = 0xffffffffu;  // not told
  std::uint8_t extended_copy_completion_status = 0;
  std::uint8_t length_of_the_sense_data_field = 0;
  std::uint8_t sense_data_length = 0;
  std::uint8_t transfer_count_units = units_of_blocks;
  be64 transfer_count{};
  be16 segments_processed{};
  std::array<std::uint8_t, 6> reserved_26{};
};
static_assert(WireStruct<InformationHeader> && sizeof(InformationHeader) == 32);

struct TokenDescriptor {
  be16 reserved{};
  RodToken token{};
};
static_assert(WireStruct<TokenDescriptor> && sizeof(TokenDescriptor) == 514);

constexpr std::size_t room = sizeof(InformationHeader) + SenseData::longest + sizeof(be32) + sizeof(TokenDescriptor);

std::uint8_t status_of(const Operation& operation) {
  if (operation.running) return in_progress_in_foreground;
  const auto status = operation.status == Status::good ? CopyStatus::without_errors : CopyStatus::with_errors;
  return static_cast<std::uint8_t>(status);
}

std::uint16_t action_of(const Operation& operation) {
  const bool populates = operation.kind == CopyOperations::Kind::populate_token;
  return populates ? service_action::populate_token : service_action::write_using_token;
}

void write_information(const Disk& disk, const Operation& operation, ParameterWriter& writer) {
  SenseData sense;
  if (operation.sense) sense = SenseData::encode(*operation.sense, disk.sense_format());
  const auto sense_length = static_cast<std::uint8_t>(sense.bytes().size());
  InformationHeader header{
      .response_to_service_action = static_cast<std::uint8_t>(action_of(operation)),
      .copy_operation_status = status_of(operation),
      .extended_copy_completion_status = static_cast<std::uint8_t>(operation.status),
      .length_of_the_sense_data_field = sense_length,
      .sense_data_length = sense_length,
      .transfer_count = operation.bytes_moved >> disk.block_size().exponent,
      .segments_processed = operation.segments_processed,
  };
  if (!operation.running) header.estimated_status_update_delay = 0u;
  writer.append(header);
  writer.append(sense.bytes());
  writer.append(be32(operation.token ? static_cast<std::uint32_t>(sizeof(TokenDescriptor)) : 0u));
  if (operation.token) writer.append(TokenDescriptor{.token = *operation.token});
  header.available_data = static_cast<std::uint32_t>(writer.length() - sizeof header.available_data);
  writer.replace(0, header);
}

}  // namespace

Reply ReceiveRodTokenInformation::run(Disk& disk, Command& command) {
  const auto identifier = static_cast<std::uint32_t>(command[list_identifier]);
  const auto operation = disk.third_party_copies().operations.find(command.itl(), identifier);
  if (!operation || operation->kind == CopyOperations::Kind::extended_copy) {
    return Reply::check_condition(Sense::invalid_field_in_cdb(list_identifier));
  }
  return parameter_data(command, room, [&](ParameterWriter& writer) { write_information(disk, *operation, writer); });
}

}  // namespace tgt
