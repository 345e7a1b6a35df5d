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

template <class Write>
Reply page_data(Command& command, std::size_t room, Write write) {
  auto buffer = command.allocate_data_in(room);
  if (!buffer) return Reply::check_condition(buffer.error());
  ParameterWriter writer(buffer->first(room));
  write(writer);
  const std::size_t length = writer.length();
  return Reply::data_in(std::move(*buffer), length);
}

bool is_refusal(const PassthroughDevice::Answer& answer) {
  if (!answer.reply) return false;
  const auto sense = answer.reply->sense_data.decode();
  return sense && sense->key == SenseKey::illegal_request;
}

// A page of the device's, rewritten. `needed`: the page exists for initiators even if the device has none.
enum class Needed : std::uint8_t { no, yes };
template <class Rewrite>
Task<Reply> rewritten_page(PassthroughDevice& device, Command& command, Needed needed, Rewrite rewrite) {
  auto answer = co_await read_page(device, command, static_cast<std::uint8_t>(command[page_code]));
  const bool synthesised = needed == Needed::yes && is_refusal(answer);
  if (answer.reply && !synthesised) co_return std::move(*answer.reply);
  const Bytes original = answer.reply ? Bytes() : answer.bytes();
  constexpr std::size_t room_for_ours = 1024;
  co_return page_data(command, original.size() + room_for_ours,
                      [&](ParameterWriter& writer) { rewrite(original, writer); });
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
    if (reply.status == Status::good && reply.data) {
      const MutableBytes data = reply.data.first(reply.data_length);
      correct_standard_inquiry(data);
      const bool port_groups = command.nexus().target().port_groups().any();
      if (port_groups && data.size() > 5) data[5] |= implicit_and_explicit_port_groups;
    }
    co_return reply;
  }
  const auto page = static_cast<std::uint8_t>(command[page_code]);
  if (is_hidden_page(page)) co_return Reply::check_condition(Sense::invalid_field_in_cdb(page_code));
  const bool disk = device.facts().is_disk();
  const Needed for_disks = disk ? Needed::yes : Needed::no;
  switch (static_cast<Page>(page)) {
    case Page::supported_pages:
      co_return co_await rewritten_page(device, command, for_disks, [&](Bytes original, ParameterWriter& writer) {
        write_supported_pages(device.facts(), original, writer);
      });
    case Page::device_identification:
      co_return co_await rewritten_page(device, command, Needed::no, [&](Bytes original, ParameterWriter& writer) {
        write_device_identification(command.nexus(), original, writer);
      });
    case Page::extended_inquiry_data:
      co_return co_await rewritten_page(device, command, Needed::no, [&](Bytes original, ParameterWriter& writer) {
        write_extended_inquiry_data(original, writer);
      });
    case Page::block_limits:
      if (!disk) break;  // of other types this number names other pages
      co_return co_await rewritten_page(device, command, Needed::yes, [&](Bytes original, ParameterWriter& writer) {
        write_block_limits(device.facts(), device.transfer_blocks(), original, writer);
      });
    default:
      break;
  }
  co_return co_await device.forward(command);
}

}  // namespace tgt
