// SPDX-License-Identifier: Apache-2.0
#include "device/primary/read_buffer.h"

namespace tgt {
namespace {

struct BufferDescriptor {
  std::uint8_t offset_boundary = 0;  // any byte
  be24 buffer_capacity{NexusBuffers::capacity};
};
static_assert(WireStruct<BufferDescriptor> && sizeof(BufferDescriptor) == 4);

struct EchoBufferDescriptor {
  std::uint8_t flags = 0x01;  // EBOS: no other initiator can overwrite it
  std::uint8_t reserved = 0;
  be16 buffer_capacity{NexusBuffers::capacity};
};
static_assert(WireStruct<EchoBufferDescriptor> && sizeof(EchoBufferDescriptor) == 4);

Reply bytes_in(Command& command, Bytes bytes) {
  return parameter_data(command, bytes.size(), [&](ParameterWriter& writer) { writer.append(bytes); });
}

Reply data_of(PrimaryDevice& device, Command& command) {
  const std::uint64_t offset = command[ReadBuffer10::buffer_offset];
  if (offset > NexusBuffers::capacity) {
    return Reply::check_condition(Sense::invalid_field_in_cdb(ReadBuffer10::buffer_offset));
  }
  const auto data = device.nexus_buffers().read(command.itl());
  return bytes_in(command, Bytes(data).subspan(static_cast<std::size_t>(offset)));
}

Reply echo_of(PrimaryDevice& device, Command& command) {
  const auto echo = device.nexus_buffers().read_echo(command.itl());
  if (!echo) return Reply::check_condition(Sense::command_sequence_error());
  return bytes_in(command, *echo);
}

}  // namespace

Reply ReadBuffer10::run(PrimaryDevice& device, Command& command) {
  const auto wanted = static_cast<BufferMode>(command[mode]);
  const bool names_buffer = wanted == BufferMode::data || wanted == BufferMode::descriptor;
  if (names_buffer && command[buffer_id] != 0) {
    // SPC-6, 6.21.5: a descriptor of a buffer that is not there is all zeros, its data cannot be had.
    if (wanted == BufferMode::data) return Reply::check_condition(Sense::invalid_field_in_cdb(buffer_id));
    return bytes_in(command, bytes_of(BufferDescriptor{.buffer_capacity = 0u}));
  }
  switch (wanted) {
    case BufferMode::data:
      return data_of(device, command);
    case BufferMode::descriptor:
      return bytes_in(command, bytes_of(BufferDescriptor{}));
    case BufferMode::echo:
      return echo_of(device, command);
    case BufferMode::echo_descriptor:
      return bytes_in(command, bytes_of(EchoBufferDescriptor{}));
  }
  return Reply::check_condition(Sense::invalid_field_in_cdb(mode));
}

}  // namespace tgt
