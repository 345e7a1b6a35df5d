// SPDX-License-Identifier: Apache-2.0
#include "device/disk/format_unit.h"

namespace tgt {
namespace {

// The parameter list (SBC-4, 5.4.2): a header of 4 or 8 bytes whose first two are the same, then, with IP, an
// initialization pattern descriptor, then the defects.
namespace header_field {
constexpr Field protection_field_usage{0, 2, 3};
constexpr Field format_options_valid{1, 7, 1};    // FOV
constexpr Field disable_primary{1, 6, 1};         // DPRY
constexpr Field disable_certification{1, 5, 1};   // DCRT
constexpr Field stop_format{1, 4, 1};             // STPF
constexpr Field initialization_pattern{1, 3, 1};  // IP
constexpr Field immediate{1, 1, 1};               // IMMED
constexpr Field short_defect_list_length{2, 7, 16};
constexpr Field protection_information{3, 7, 8};
constexpr Field long_defect_list_length{4, 7, 32};
}  // namespace header_field

struct PatternDescriptor {
  static constexpr std::uint8_t repeated = 0x01;
  std::uint8_t flags = 0;  // IP MODIFIER in bits 7 and 6, SI in bit 5
  std::uint8_t pattern_type = 0;
  be16 pattern_length{};
};
static_assert(WireStruct<PatternDescriptor> && sizeof(PatternDescriptor) == 4);

struct Wanted {
  MediumWork::Job job{.kind = MediumWork::Kind::format};
  bool immediate = false;
};

Sense points_at(Field field) { return Sense::invalid_field_in_parameter_list(field.byte, field.most_significant_bit); }

std::optional<Sense> refuses_header(Bytes header) {
  using namespace header_field;
  if (protection_field_usage.read(header) != 0) return points_at(protection_field_usage);
  if (format_options_valid.read(header) == 0) {
    for (const Field option : {disable_primary, disable_certification, stop_format, initialization_pattern}) {
      if (option.read(header) != 0) return points_at(option);
    }
  }
  const bool is_long = header.size() == 8;
  if (is_long && protection_information.read(header) != 0) return points_at(protection_information);
  const Field defects = is_long ? long_defect_list_length : short_defect_list_length;
  if (defects.read(header) != 0) return points_at(defects);
  return std::nullopt;
}

// What follows the header when IP is set; `at`: where it stands in the list.
std::optional<Sense> refuses_pattern(Bytes list, std::uint16_t at, std::uint32_t block, MediumWork::Job& job) {
  const auto descriptor = read_wire<PatternDescriptor>(list);
  if (!descriptor) return Sense::parameter_list_length_error();
  if (descriptor->flags != 0) return Sense::invalid_field_in_parameter_list(at);
  if (descriptor->pattern_type > PatternDescriptor::repeated) {
    return Sense::invalid_field_in_parameter_list(static_cast<std::uint16_t>(at + 1));
  }
  const std::size_t length = descriptor->pattern_length;
  const bool wants_pattern = descriptor->pattern_type == PatternDescriptor::repeated;
  if (wants_pattern != (length != 0) || length > block) {
    return Sense::invalid_field_in_parameter_list(static_cast<std::uint16_t>(at + 2));
  }
  const Bytes pattern = list.subspan(sizeof *descriptor);
  if (pattern.size() < length) return Sense::parameter_list_length_error();
  job.pattern.assign(pattern.begin(), pattern.begin() + static_cast<std::ptrdiff_t>(length));
  return std::nullopt;
}

std::optional<Sense> refuses(Disk& disk) {
  if (auto reason = disk.medium_work().refuses(MediumWork::Kind::format)) return reason;
  if (auto reason = disk.medium_absent()) return reason;
  return disk.write_protection();
}

std::optional<Sense> refuses_cdb(const Command& command) {
  if (command[FormatUnit::format_data] == 0) {
    for (const Field field : {FormatUnit::long_list, FormatUnit::complete_list, FormatUnit::defect_list_format}) {
      if (command[field] != 0) return Sense::invalid_field_in_cdb(field);
    }
    return std::nullopt;
  }
  // Block, long block, bytes from index and physical sector format; the others are vendor-specific or reserved.
  const std::uint64_t format = command[FormatUnit::defect_list_format];
  if (format == 1 || format == 2 || format > 5) return Sense::invalid_field_in_cdb(FormatUnit::defect_list_format);
  return std::nullopt;
}

Task<Result<Wanted, Sense>> wanted_by(Command& command, std::uint32_t block) {
  Wanted wanted;
  if (command[FormatUnit::format_data] == 0) co_return wanted;
  const std::uint16_t header_length = command[FormatUnit::long_list] != 0 ? 8 : 4;
  auto list = co_await command.announced_data_out(header_length);
  if (!list) co_return failure(list.error());
  if (list->size() < header_length) co_return failure(Sense::parameter_list_length_error());
  if (const auto wrong = refuses_header(*list)) co_return failure(*wrong);
  wanted.immediate = header_field::immediate.read(*list) != 0;
  const bool options = header_field::format_options_valid.read(*list) != 0;
  wanted.job.certify = options && header_field::disable_certification.read(*list) == 0;
  if (header_field::initialization_pattern.read(*list) == 0) co_return wanted;
  // The CDB does not say how long the list is: as much as was announced, and can be meant.
  list = co_await command.announced_data_out(header_length + sizeof(PatternDescriptor));
  if (!list) co_return failure(list.error());
  const Field pattern_length{static_cast<std::uint16_t>(header_length + 2), 7, 16};
  list = co_await command.announced_data_out(header_length + sizeof(PatternDescriptor) + pattern_length.read(*list));
  if (!list) co_return failure(list.error());
  const auto wrong = refuses_pattern(list->subspan(header_length), header_length, block, wanted.job);
  if (wrong) co_return failure(*wrong);
  co_return wanted;
}

}  // namespace

Task<Reply> FormatUnit::run(Disk& disk, Command& command) {
  if (const auto refused = refuses(disk)) co_return Reply::check_condition(*refused);
  if (const auto refused = refuses_cdb(command)) co_return Reply::check_condition(*refused);
  auto wanted = co_await wanted_by(command, disk.block_size().bytes());
  if (!wanted) co_return Reply::check_condition(wanted.error());
  if (const auto refused = refuses(disk)) co_return Reply::check_condition(*refused);
  wanted->job.give_space_back = disk.thin();
  auto reply = co_await MediumWork::run(disk, command, std::move(wanted->job), wanted->immediate);
  co_return std::move(reply);
}

}  // namespace tgt
