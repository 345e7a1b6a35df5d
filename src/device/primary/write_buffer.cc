// SPDX-License-Identifier: Apache-2.0
#include "device/primary/write_buffer.h"

namespace tgt {
namespace {

std::optional<Sense> refuses(const Command& command) {
  const auto wanted = static_cast<BufferMode>(command[WriteBuffer10::mode]);
  const std::uint64_t length = command[WriteBuffer10::parameter_list_length];
  if (wanted != BufferMode::data && wanted != BufferMode::echo) {
    return Sense::invalid_field_in_cdb(WriteBuffer10::mode);
  }
  const bool named = wanted == BufferMode::data;  // an echo has neither number nor offset
  if (named && command[WriteBuffer10::buffer_id] != 0) return Sense::invalid_field_in_cdb(WriteBuffer10::buffer_id);
  const std::uint64_t offset = named ? command[WriteBuffer10::buffer_offset] : 0;
  if (offset > NexusBuffers::capacity) return Sense::invalid_field_in_cdb(WriteBuffer10::buffer_offset);
  if (length > NexusBuffers::capacity - offset) {
    return Sense::invalid_field_in_cdb(WriteBuffer10::parameter_list_length);
  }
  return std::nullopt;
}

}  // namespace

Task<Reply> WriteBuffer10::run(PrimaryDevice& device, Command& command) {
  if (const auto refused = refuses(command)) co_return Reply::check_condition(*refused);
  if (command[parameter_list_length] == 0) co_return Reply::good();
  const auto data = co_await command.announced_data_out(command[parameter_list_length]);
  if (!data) co_return Reply::check_condition(data.error());
  if (static_cast<BufferMode>(command[mode]) == BufferMode::echo) {
    device.nexus_buffers().write_echo(command.itl(), *data);
  } else {
    device.nexus_buffers().write(command.itl(), static_cast<std::size_t>(command[buffer_offset]), *data);
  }
  co_return Reply::good();
}

}  // namespace tgt
