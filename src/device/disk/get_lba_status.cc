// SPDX-License-Identifier: Apache-2.0
#include "device/disk/get_lba_status.h"

#include <algorithm>

#include "device/disk/store_fault.h"
#include "reactor/yield.h"

namespace tgt {
namespace {

constexpr std::size_t most_descriptors = 255;

struct Header {
  be32 parameter_data_length{};  // of what follows this field
  be32 reserved{};
};
static_assert(WireStruct<Header> && sizeof(Header) == 8);

enum class ProvisioningStatus : std::uint8_t { mapped = 0, deallocated = 1 };

struct Descriptor {
  be64 logical_block_address{};
  be32 number_of_logical_blocks{};
  std::uint8_t provisioning_status = 0;
  std::array<std::uint8_t, 3> reserved{};
};
static_assert(WireStruct<Descriptor> && sizeof(Descriptor) == 16);

// How many descriptors the initiator has room for; at least one is made.
std::size_t wanted_descriptors(const Command& command) {
  const std::uint64_t room = command[GetLbaStatus16::allocation_length];
  const std::uint64_t whole = room > sizeof(Header) ? (room - sizeof(Header)) / sizeof(Descriptor) : 0;
  return static_cast<std::size_t>(std::clamp<std::uint64_t>(whole, 1, most_descriptors));
}

// The blocks from `first` on that are alike. A block of which a part takes space is mapped.
Task<Result<Descriptor, IoFault>> describe(Disk& disk, Command& command, std::uint64_t first) {
  const unsigned exponent = disk.block_size().exponent;
  const auto extent = co_await disk.store().extent_at(command.shard(), first << exponent);
  if (!extent) co_return failure(extent.error());
  const std::uint64_t whole = extent->length >> exponent;
  const bool mapped = extent->allocated || whole == 0;
  const std::uint64_t count =
      std::min({std::max<std::uint64_t>(whole, 1), disk.capacity().value - first, std::uint64_t{0xffffffff}});
  const auto status = mapped ? ProvisioningStatus::mapped : ProvisioningStatus::deallocated;
  co_return Descriptor{.logical_block_address = first,
                       .number_of_logical_blocks = static_cast<std::uint32_t>(count),
                       .provisioning_status = static_cast<std::uint8_t>(status)};
}

}  // namespace

Task<Reply> GetLbaStatus16::run(Disk& disk, Command& command) {
  const BlockRange first{LogicalBlockAddress(command[starting_logical_block_address]), BlockCount(1)};
  if (const auto refused = first.unreachable(disk)) co_return Reply::check_condition(*refused);
  const std::size_t room = sizeof(Header) + wanted_descriptors(command) * sizeof(Descriptor);
  auto buffer = command.allocate_data_in(room);
  if (!buffer) co_return Reply::check_condition(buffer.error());
  ParameterWriter writer(buffer->first(room));
  writer.append(Header{});
  std::uint64_t next = first.address.value;
  while (writer.length() < room && next < disk.capacity().value) {
    const auto descriptor = co_await describe(disk, command, next);
    if (!descriptor) co_return reply_for(descriptor.error(), MediumAccess::reading, disk, first);
    writer.append(*descriptor);
    next += descriptor->number_of_logical_blocks;
    co_await Yield(command.shard());
  }
  const std::size_t length = writer.length();
  writer.replace(0, Header{.parameter_data_length = static_cast<std::uint32_t>(length - sizeof(be32))});
  co_return Reply::data_in(std::move(*buffer), length);
}

}  // namespace tgt
