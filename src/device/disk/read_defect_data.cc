// SPDX-License-Identifier: Apache-2.0
#include "device/disk/read_defect_data.h"

namespace tgt {
namespace {

struct Header10 {
  std::uint8_t reserved = 0;
  std::uint8_t lists_and_format = 0;
  be16 defect_list_length{};
};
static_assert(WireStruct<Header10> && sizeof(Header10) == 4);

struct Header12 {
  std::uint8_t reserved = 0;
  std::uint8_t lists_and_format = 0;
  be16 generation_code{};
  be32 defect_list_length{};
};
static_assert(WireStruct<Header12> && sizeof(Header12) == 8);

}  // namespace

Reply ReadDefectData10::run(Disk& disk, Command& command) {
  if (const auto reason = disk.not_ready()) return Reply::check_condition(*reason);
  const Header10 header{.lists_and_format = static_cast<std::uint8_t>(command[lists_and_format])};
  return parameter_data(command, sizeof header, [&](ParameterWriter& writer) { writer.append(header); });
}

Reply ReadDefectData12::run(Disk& disk, Command& command) {
  if (const auto reason = disk.not_ready()) return Reply::check_condition(*reason);
  const Header12 header{.lists_and_format = static_cast<std::uint8_t>(command[lists_and_format])};
  return parameter_data(command, sizeof header, [&](ParameterWriter& writer) { writer.append(header); });
}

}  // namespace tgt
