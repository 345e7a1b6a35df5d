// SPDX-License-Identifier: Apache-2.0
#include "device/disk/copy/write_using_token.h"

#include <algorithm>

#include "device/disk/copy/copy_blocks.h"
#include "device/disk/copy/third_party_copies.h"
#include "device/disk/write_same.h"
#include "scsi/copy_sense.h"

namespace tgt {
namespace {

struct ListHeader {
  be16 data_length{};
  std::uint8_t flags = 0;  // IMMED in bit 0: status is sent when the blocks are written all the same
  std::array<std::uint8_t, 5> reserved_3{};
  be64 offset_into_rod{};  // in blocks of this disk
  RodToken token{};
  std::array<std::uint8_t, 6> reserved_528{};
  be16 range_descriptor_length{};
};
static_assert(WireStruct<ListHeader> && sizeof(ListHeader) == 536);
constexpr std::uint8_t delete_token = 0x02;  // DEL_TKN
constexpr std::uint16_t at_offset_into_rod = 8;

// What is to be written, and where from. Without a source: zeros.
struct TokenWrite {
  TokenRanges to;
  std::optional<CopyEnd> source;
  std::shared_ptr<const RodTokens::Content> from;
  std::uint64_t skipped = 0;  // blocks at the start of `from`
};

std::uint64_t total_of(const RodTokens::Ranges& ranges) {
  std::uint64_t blocks = 0;
  for (const BlockRange& range : ranges) blocks += range.count.value;
  return blocks;
}

// The data that the token stands for, if this nexus may have it. Whether the token is false or what made it is out of
// this nexus's reach must look the same.
std::optional<Sense> find_source(const Disk& disk, const Command& command, const ListHeader& header,
                                 TokenWrite& write) {
  const RodToken& token = header.token;
  if (token.rod_token_length != RodToken::length_after_header) return copy_sense::invalid_token_length;
  if (token.rod_type == RodToken::block_device_zero) return std::nullopt;
  if (token.rod_type != RodToken::change_vulnerable) return copy_sense::unsupported_token_type;
  write.source = find_copy_end(command, token.creator);
  if (!write.source) return copy_sense::token_unknown;
  RodTokens& tokens = write.source->disk->third_party_copies().tokens;
  const auto found = tokens.find(token, command.shard().now());
  if (!found) return found.error();
  write.from = *found;
  if (write.source->disk->block_size().exponent != disk.block_size().exponent) {
    return copy_sense::cannot_reach_token_data;
  }
  write.skipped = header.offset_into_rod;
  const std::uint64_t total = total_of(write.from->ranges);
  if (write.skipped > total || write.to.blocks > total - write.skipped) {
    return Sense::invalid_field_in_parameter_list(at_offset_into_rod);
  }
  return std::nullopt;
}

// Walks through ranges as if they were one.
class Walk {
 public:
  Walk(const RodTokens::Ranges& ranges, std::uint64_t skipped) : ranges_(ranges) { advance(skipped); }
  std::uint64_t address() const { return ranges_[index_].address.value + inside_; }
  std::uint64_t left_in_range() const { return ranges_[index_].count.value - inside_; }
  bool at_end() const { return index_ == ranges_.size(); }
  std::size_t finished() const { return index_; }
  void advance(std::uint64_t blocks) {
    inside_ += blocks;
    while (!at_end() && inside_ >= ranges_[index_].count.value) inside_ -= ranges_[index_++].count.value;
  }

 private:
  const RodTokens::Ranges& ranges_;
  std::size_t index_ = 0;
  std::uint64_t inside_ = 0;
};

Task<Result<void, PartFault>> copy_from_token(Command& command, const CopyEnd& here, const TokenWrite& write,
                                              const CopyOperations::Ticket& ticket) {
  const unsigned exponent = here.disk->block_size().exponent;
  Walk from(write.from->ranges, write.skipped);
  Walk to(write.to.ranges, 0);
  std::uint64_t moved = 0;
  while (!to.at_end()) {
    const std::uint64_t blocks = std::min(from.left_in_range(), to.left_in_range());
    const CopySpan span{.source = *write.source,
                        .source_offset = from.address() << exponent,
                        .source_changed = &write.from->changed,
                        .destination = here,
                        .destination_offset = to.address() << exponent,
                        .bytes = blocks << exponent};
    const auto copied = co_await copy_blocks(command, span, moved);
    if (copied) to.advance(blocks);
    ticket.progress(moved, to.finished());
    if (!copied) co_return failure(copied.error());
    from.advance(blocks);
  }
  co_return Result<void, PartFault>();
}

Task<Result<void, PartFault>> write_zeros(Command& command, const CopyEnd& here, const TokenWrite& write,
                                          const CopyOperations::Ticket& ticket) {
  Walk to(write.to.ranges, 0);
  std::uint64_t moved = 0;
  while (!to.at_end()) {
    const BlockRange range{LogicalBlockAddress(to.address()),
                           BlockCount(std::min(to.left_in_range(), WritingSame::longest))};
    const auto written = co_await write_zeros_part(command, here, range);
    if (!written) co_return failure(written.error());
    to.advance(range.count.value);
    moved += range.bytes(*here.disk);
    ticket.progress(moved, to.finished());
  }
  co_return Result<void, PartFault>();
}

Reply reply_to_fault(const Command& command, const TokenWrite& write) {
  if (command.abort_requested()) return Reply::check_condition(Sense::aborted_command());
  if (write.from && write.from->changed.load()) return Reply::check_condition(copy_sense::token_revoked);
  return Reply::check_condition(copy_sense::third_party_device_failure);
}

}  // namespace

Task<Reply> WriteUsingToken::run(Disk& disk, Command& command) {
  if (const auto reason = disk.not_ready()) co_return Reply::check_condition(*reason);
  if (const auto reason = disk.write_protection()) co_return Reply::check_condition(*reason);
  if (command[parameter_list_length] == 0) co_return Reply::good();
  const auto list = co_await TokenList::take<ListHeader>(command);
  if (!list) co_return Reply::check_condition(list.error());
  const auto header = list->header<ListHeader>();
  auto parsed = list->ranges(disk);
  if (!parsed) co_return Reply::check_condition(parsed.error());
  TokenWrite write{.to = std::move(*parsed), .source = std::nullopt, .from = nullptr};
  if (const auto refused = find_source(disk, command, header, write)) co_return Reply::check_condition(*refused);
  const auto here = own_copy_end(command);
  if (!here) co_return Reply::check_condition(Sense::logical_unit_not_supported());
  auto ticket = disk.third_party_copies().operations.begin(
      command.itl(), static_cast<std::uint32_t>(command[list_identifier]), CopyOperations::Kind::write_using_token);
  if (!ticket) co_return CopyOperations::reply_for(ticket.error());
  command.itl().unit().task_set().step_aside(command);
  const auto written = write.source ? co_await copy_from_token(command, *here, write, *ticket)
                                    : co_await write_zeros(command, *here, write, *ticket);
  Reply reply = written ? Reply::good() : reply_to_fault(command, write);
  if (write.source && (header.flags & delete_token) != 0) {
    write.source->disk->third_party_copies().tokens.erase(header.token);
  }
  ticket->end(reply.status, reply.sense);
  co_return reply;
}

}  // namespace tgt
