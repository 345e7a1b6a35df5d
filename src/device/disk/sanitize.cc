// SPDX-License-Identifier: Apache-2.0
#include "device/disk/sanitize.h"

namespace tgt {
namespace {

struct OverwriteHeader {
  static constexpr Field invert{0, 7, 1};
  static constexpr Field test{0, 6, 2};
  static constexpr Field overwrite_count{0, 4, 5};
  std::uint8_t flags = 0;
  std::uint8_t reserved = 0;
  be16 initialization_pattern_length{};
};
static_assert(WireStruct<OverwriteHeader> && sizeof(OverwriteHeader) == 4);

std::optional<Sense> refuses(Disk& disk, const Command& command) {
  const MediumWork& work = disk.medium_work();
  if (auto reason = work.refuses(MediumWork::Kind::sanitize)) return reason;
  const bool loosens = command[Sanitize::allow_unrestricted_exit] != 0 && !work.may_leave_failure();
  if (loosens) return Sense::invalid_field_in_cdb(Sanitize::allow_unrestricted_exit);
  if (auto reason = disk.medium_absent()) return reason;
  return disk.write_protection();
}

MediumWork::Job job_of(const Command& command) {
  return {.kind = MediumWork::Kind::sanitize, .may_leave_failure = command[Sanitize::allow_unrestricted_exit] != 0};
}

// What the list of an overwrite says, put into `job`.
std::optional<Sense> refuses_list(Bytes list, std::uint32_t block, MediumWork::Job& job) {
  const auto header = read_wire<OverwriteHeader>(list);
  if (!header) return Sense::parameter_list_length_error();
  const std::uint64_t passes = OverwriteHeader::overwrite_count.read(list);
  if (OverwriteHeader::test.read(list) != 0) return Sense::invalid_field_in_parameter_list(0, std::uint8_t{6});
  if (passes == 0) return Sense::invalid_field_in_parameter_list(0, std::uint8_t{4});
  if (header->reserved != 0) return Sense::invalid_field_in_parameter_list(1);
  const std::size_t length = header->initialization_pattern_length;
  if (length == 0 || length > block) return Sense::invalid_field_in_parameter_list(2);
  const Bytes pattern = list.subspan(sizeof *header);
  if (pattern.size() != length) return Sense::parameter_list_length_error();
  job.pattern.assign(pattern.begin(), pattern.end());
  job.passes = static_cast<unsigned>(passes);
  job.invert_between_passes = OverwriteHeader::invert.read(list) != 0;
  return std::nullopt;
}

}  // namespace

Task<Reply> SanitizeOverwrite::run(Disk& disk, Command& command) {
  if (const auto refused = refuses(disk, command)) co_return Reply::check_condition(*refused);
  const std::uint64_t length = command[parameter_list_length];
  if (length <= sizeof(OverwriteHeader) || length > sizeof(OverwriteHeader) + disk.block_size().bytes()) {
    co_return Reply::check_condition(Sense::invalid_field_in_cdb(parameter_list_length));
  }
  const auto list = co_await command.parameter_list(length);
  if (!list) co_return Reply::check_condition(list.error());
  if (const auto refused = refuses(disk, command)) co_return Reply::check_condition(*refused);
  MediumWork::Job job = job_of(command);
  const auto wrong = refuses_list(*list, disk.block_size().bytes(), job);
  if (wrong) co_return Reply::check_condition(*wrong);
  auto reply = co_await MediumWork::run(disk, command, std::move(job), command[immediate] != 0);
  co_return std::move(reply);
}

Task<Reply> SanitizeBlockErase::run(Disk& disk, Command& command) {
  if (const auto refused = refuses(disk, command)) co_return Reply::check_condition(*refused);
  MediumWork::Job job = job_of(command);
  job.give_space_back = true;
  auto reply = co_await MediumWork::run(disk, command, std::move(job), command[immediate] != 0);
  co_return std::move(reply);
}

Task<Reply> SanitizeExitFailureMode::run(Disk& disk, Command& command) {
  MediumWork& work = disk.medium_work();
  if (const auto refused = work.refuses(MediumWork::Kind::sanitize)) co_return Reply::check_condition(*refused);
  if (!work.may_leave_failure()) co_return Reply::check_condition(Sense::invalid_field_in_cdb(Field{1, 4, 5}));
  const bool left = co_await work.leave_failure(command.shard(), disk.medium_name());
  co_return left ? Reply::good() : Reply::check_condition(Sense::internal_target_failure());
}

}  // namespace tgt
