// SPDX-License-Identifier: Apache-2.0
#include "device/disk/copy/populate_token.h"

#include <algorithm>

#include "core/target.h"
#include "device/disk/copy/copy_end.h"
#include "device/disk/copy/third_party_copies.h"
#include "scsi/copy_sense.h"

namespace tgt {
namespace {

struct ListHeader {
  be16 data_length{};
  std::uint8_t flags = 0;  // IMMED in bit 0: the token is made before status is sent all the same
  std::uint8_t reserved_3 = 0;
  be32 inactivity_timeout{};
  be32 rod_type{};
  be16 reserved_12{};
  be16 range_descriptor_length{};
};
static_assert(WireStruct<ListHeader> && sizeof(ListHeader) == 16);
constexpr std::uint8_t rod_type_valid = 0x02;  // RTV
constexpr std::uint16_t at_inactivity_timeout = 4;
constexpr std::uint16_t at_rod_type = 8;

std::optional<Sense> refuses(const ListHeader& header) {
  if (header.inactivity_timeout > RodTokens::longest_inactivity.count()) {
    return Sense::invalid_field_in_parameter_list(at_inactivity_timeout);
  }
  const bool other_type = (header.flags & rod_type_valid) != 0 && header.rod_type != RodToken::change_vulnerable;
  if (other_type) return Sense::invalid_field_in_parameter_list(at_rod_type);
  return std::nullopt;
}

// SPC-5, 7.7.6: the target device's name as a designation descriptor, cut when it is very long.
void write_target_device(const std::string& name, MutableBytes to) {
  using namespace vital_product_data;
  std::string text = name.substr(0, 223);
  text.resize(text.size() / 4 * 4 + 4, '\0');
  const DesignatorHeader header = designator_header(Association::target_device, DesignatorType::scsi_name_string,
                                                    CodeSet::utf_8, static_cast<std::uint8_t>(text.size()));
  ParameterWriter writer(to);
  writer.append(header);
  writer.append_text(text);
}

RodToken token_for(const Disk& disk, const Command& command, std::uint64_t blocks) {
  RodToken token;
  token.creator = identification_of(disk);
  token.number_of_bytes_represented = blocks << disk.block_size().exponent;
  token.logical_block_length = disk.block_size().bytes();
  write_target_device(command.nexus().target().name(), token.target_device_descriptor);
  return token;
}

}  // namespace

Task<Reply> PopulateToken::run(Disk& disk, Command& command) {
  if (const auto reason = disk.not_ready()) co_return Reply::check_condition(*reason);
  if (command[parameter_list_length] == 0) co_return Reply::good();
  const auto list = co_await TokenList::take<ListHeader>(command);
  if (!list) co_return Reply::check_condition(list.error());
  const auto header = list->header<ListHeader>();
  if (const auto refused = refuses(header)) co_return Reply::check_condition(*refused);
  const auto parsed = list->ranges(disk);
  if (!parsed) co_return Reply::check_condition(parsed.error());
  ThirdPartyCopies& copies = disk.third_party_copies();
  auto ticket = copies.operations.begin(command.itl(), static_cast<std::uint32_t>(command[list_identifier]),
                                        CopyOperations::Kind::populate_token);
  if (!ticket) co_return CopyOperations::reply_for(ticket.error());
  const std::chrono::seconds asked{header.inactivity_timeout};
  auto token = copies.tokens.create({.token = token_for(disk, command, parsed->blocks),
                                     .ranges = parsed->ranges,
                                     .inactivity = asked.count() == 0 ? RodTokens::usual_inactivity : asked,
                                     .initiator = command.nexus().properties().initiator.name},
                                    command.shard().now());
  if (!token) {
    ticket->end(Status::check_condition, token.error());
    co_return Reply::check_condition(token.error());
  }
  ticket->progress(parsed->blocks << disk.block_size().exponent, parsed->ranges.size());
  ticket->end(Status::good, std::nullopt, *token);
  co_return Reply::good();
}

}  // namespace tgt
