// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/inquiry.h"

#include "core/nexus.h"
#include "core/target.h"
#include "device/passthrough/own_commands.h"
#include "device/passthrough/pages.h"
#include "scsi/inquiry.h"
#include "scsi/vital_product_data.h"

namespace tgt {
namespace {

using vital_product_data::Page;

constexpr Field enable_vital_product_data{1, 0, 1};
constexpr Field page_code{2, 7, 8};

// A page as the device has it, asked for in two steps: some devices return nothing sensible when asked for more than
// 255 bytes at once.
Task<PassthroughDevice::Answer> read_page(PassthroughDevice& device, Command& command, std::uint8_t page) {
  constexpr std::uint16_t first_try = 252;
  auto answer = co_await device.ask(command, own_command::inquiry_page(page, first_try), first_try);
  if (answer.reply) co_return answer;
  const auto header = read_wire<vital_product_data::PageHeader>(answer.bytes());
  if (!header) co_return answer;
  const std::size_t whole = sizeof *header + header->page_length;
  if (whole > first_try) {
    const auto longer = static_cast<std::uint16_t>(std::min<std::size_t>(whole, 0xfffc));
    answer = co_await device.ask(command, own_command::inquiry_page(page, longer), longer);
  }
  answer.length = std::min(answer.length, whole);
  co_return answer;
}

bool is_refusal(const PassthroughDevice::Answer& answer) {
  if (!answer.reply) return false;
  const auto sense = answer.reply->sense_data.decode();
  return sense && sense->key == SenseKey::illegal_request;
}

// Whether initiators meet the page otherwise than the device has it.
bool is_rewritten(const DeviceFacts& facts, Page page) {
  switch (page) {
    case Page::supported_pages:
    case Page::device_identification:
    case Page::extended_inquiry_data:
      return true;
    case Page::block_limits:
      return facts.is_disk();  // of other types this number names other pages
    default:
      return false;
  }
}

void write_page(const PassthroughDevice& device, const Command& command, Bytes original, ParameterWriter& writer) {
  const auto page = static_cast<Page>(command[page_code]);
  if (!is_rewritten(device.facts(), page)) return writer.append(original);
  if (page == Page::supported_pages) return write_supported_pages(device.facts(), original, writer);
  if (page == Page::device_identification) return write_device_identification(command.nexus(), original, writer);
  if (page == Page::extended_inquiry_data) return write_extended_inquiry_data(original, writer);
  write_block_limits(device.facts(), device.transfer_blocks(), original, writer);
}

Reply page_reply(const PassthroughDevice& device, Command& command, Bytes original) {
  constexpr std::size_t room_for_ours = 1024;
  const std::size_t room = original.size() + room_for_ours;
  auto buffer = command.allocate_data_in(room);
  if (!buffer) return Reply::check_condition(buffer.error());
  ParameterWriter writer(buffer->first(room));
  write_page(device, command, original, writer);
  const std::size_t length = writer.length();
  return Reply::data_in(std::move(*buffer), length);
}

Task<Reply> rewritten_page(PassthroughDevice& device, Command& command) {
  auto answer = co_await read_page(device, command, static_cast<std::uint8_t>(command[page_code]));
  // Disks have the first page and the one of the limits for initiators even if the device has none.
  const auto page = static_cast<Page>(command[page_code]);
  const bool needed = device.facts().is_disk() && (page == Page::supported_pages || page == Page::block_limits);
  if (answer.reply && !(needed && is_refusal(answer))) co_return std::move(*answer.reply);
  co_return page_reply(device, command, answer.reply ? Bytes() : answer.bytes());
}

void correct_for(const Command& command, MutableBytes data) {
  correct_standard_inquiry(data);
  const bool port_groups = command.nexus().target().port_groups().any();
  if (port_groups && data.size() > 5) data[5] |= implicit_and_explicit_port_groups;
}

}  // namespace

void correct_standard_inquiry(MutableBytes data) {
  const auto change = [&](std::size_t byte, std::uint8_t clear, std::uint8_t set) {
    if (byte < data.size()) data[byte] = static_cast<std::uint8_t>((data[byte] & ~clear) | set);
  };
  change(3, 0x20, 0);     // NORMACA: there is no auto contingent allegiance here
  change(5, 0x78, 0);     // ACC, TPGS, 3PC: not through us
  change(6, 0x99, 0);     // BQUE, MULTIP, MCHNGR, ADDR16
  change(7, 0xb8, 0x02);  // RELADR, WBUS16, SYNC, LINKED; CMDQUE: the task set is ours
}

Task<Reply> pass_inquiry(PassthroughDevice& device, Command& command) {
  if (command[enable_vital_product_data] == 0) {
    Reply reply = co_await device.forward(command);
    if (reply.status == Status::good && reply.data) correct_for(command, reply.data.first(reply.data_length));
    co_return reply;
  }
  const auto page = static_cast<std::uint8_t>(command[page_code]);
  if (is_hidden_page(page)) co_return Reply::check_condition(Sense::invalid_field_in_cdb(page_code));
  if (is_rewritten(device.facts(), static_cast<Page>(page))) co_return co_await rewritten_page(device, command);
  co_return co_await device.forward(command);
}

bool is_known_inquiry(const DeviceFacts& facts, const Cdb& cdb) {
  constexpr std::uint8_t all_but_vital_product_data = 0xfe;
  if ((cdb[1] & all_but_vital_product_data) != 0) return false;
  const std::uint8_t page = cdb[2];
  if (cdb[1] == 0) return page == 0 && !facts.standard_inquiry.empty();
  return is_hidden_page(page) || facts.vital_pages.contains(page);
}

Reply answer_known_inquiry(PassthroughDevice& device, Command& command) {
  const DeviceFacts& facts = device.facts();
  if (command[enable_vital_product_data] == 0) {
    auto buffer = command.allocate_data_in(facts.standard_inquiry.size());
    if (!buffer) return Reply::check_condition(buffer.error());
    const MutableBytes data = buffer->first(facts.standard_inquiry.size());
    copy_bytes(facts.standard_inquiry, data);
    correct_for(command, data);
    return Reply::data_in(std::move(*buffer), data.size());
  }
  const auto page = static_cast<std::uint8_t>(command[page_code]);
  const auto known = facts.vital_pages.find(page);
  if (is_hidden_page(page) || known == facts.vital_pages.end()) {
    return Reply::check_condition(Sense::invalid_field_in_cdb(page_code));
  }
  return page_reply(device, command, known->second);
}

}  // namespace tgt
