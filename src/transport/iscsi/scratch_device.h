// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <vector>

#include "core/command.h"
#include "core/device_server.h"

namespace tgt {

// A device for tests that keeps what is written: READ(12) and WRITE(12) of TRANSFER LENGTH bytes at byte LOGICAL BLOCK
// ADDRESS.
class ScratchDevice final : public DeviceServer {
 public:
  explicit ScratchDevice(std::size_t size) : bytes_(size) {}

  PeripheralDeviceType type() const override { return PeripheralDeviceType::block; }
  Result<const CommandTraits*, Sense> decode(const Cdb& cdb) const override;
  Task<void> close(Shard&) override { co_return; }
  Description describe() const override { return {}; }
  std::vector<std::uint8_t>& bytes() { return bytes_; }

  template <std::uint8_t Code>
  struct Transfer {
    static constexpr std::uint8_t operation_code = Code;
    static constexpr std::uint8_t cdb_length = 12;
    static constexpr Field logical_block_address{2, 7, 32};
    static constexpr Field transfer_length{6, 7, 32};
    static constexpr std::array fields{logical_block_address, transfer_length};
  };
  struct Read : Transfer<0xa8> {
    static constexpr std::string_view name = "READ(12)";
    static constexpr Access access = Access::read;
    static Task<Reply> run(ScratchDevice& device, Command& command) {
      const std::size_t length = command[transfer_length];
      const std::size_t at = command[logical_block_address];
      if (at + length > device.bytes_.size()) co_return Reply::check_condition(Sense::lba_out_of_range(at));
      Result<Buffer, Sense> buffer = command.allocate_data_in(length);
      if (!buffer) co_return Reply::check_condition(buffer.error());
      copy_bytes(Bytes(device.bytes_).subspan(at, length), buffer->all());
      co_return Reply::data_in(std::move(*buffer), length);
    }
  };
  struct Write : Transfer<0xaa> {
    static constexpr std::string_view name = "WRITE(12)";
    static constexpr Access access = Access::write;
    static Task<Reply> run(ScratchDevice& device, Command& command) {
      const std::size_t length = command[transfer_length];
      const std::size_t at = command[logical_block_address];
      if (at + length > device.bytes_.size()) co_return Reply::check_condition(Sense::lba_out_of_range(at));
      const auto data = co_await command.data_out(length);
      if (!data) co_return Reply::check_condition(data.error());
      copy_bytes(*data, MutableBytes(device.bytes_).subspan(at));
      co_return Reply::good();
    }
  };
  struct TestUnitReady {
    static constexpr std::string_view name = "TEST UNIT READY";
    static constexpr std::uint8_t operation_code = 0x00;
    static constexpr std::uint8_t cdb_length = 6;
    static constexpr Access access = Access::none;
    static constexpr std::array<Field, 0> fields{};
    static Reply run(ScratchDevice&, Command&) { return Reply::good(); }
  };

 private:
  std::vector<std::uint8_t> bytes_;
};

inline Result<const CommandTraits*, Sense> ScratchDevice::decode(const Cdb& cdb) const {
  static constexpr auto commands = command_set<ScratchDevice, TestUnitReady, Read, Write>();
  return CommandTable(commands).decode(cdb);
}

}  // namespace tgt
