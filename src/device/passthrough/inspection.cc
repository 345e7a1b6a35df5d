// SPDX-License-Identifier: Apache-2.0
#include "device/passthrough/inspection.h"

#include <fmt/format.h>

#include <array>
#include <vector>

#include "device/passthrough/own_commands.h"
#include "device/passthrough/unit_name.h"
#include "scsi/inquiry.h"
#include "scsi/vital_product_data.h"

namespace tgt {
namespace {

// Unit attentions from before our time, and the moment in which a device is busy.
constexpr int most_tries = 8;
constexpr Duration busy_pause = 200ms;
constexpr std::chrono::milliseconds patience = 20s;

struct Answer {
  ScsiResult result;
  std::vector<std::uint8_t> data;
};

bool deserves_another_try(const ScsiResult& result) {
  const auto sense = result.sense.decode();
  return result.has_device_sense() && sense && sense->key == SenseKey::unit_attention;
}

bool is_busy(const ScsiResult& result) {
  return result.fault == ScsiResult::Fault::none && result.host_status == HostStatus::ok &&
         (result.status == Status::busy || result.status == Status::task_set_full);
}

Task<Answer> ask(Shard& shard, InitiatorPort& port, Cdb cdb, std::size_t longest) {
  Answer answer;
  for (int tries = 0; tries < most_tries; ++tries) {
    answer.data.assign(longest, 0);
    const ScsiRequest request{.cdb = cdb,
                              .direction = longest == 0 ? DataDirection::none : DataDirection::data_in,
                              .data = answer.data,
                              .timeout = patience,
                              .keep_unfilled_bytes = true};
    Execution execution(port, shard, request);
    co_await execution;
    answer.result = execution.result();
    answer.data.resize(answer.result.good() ? answer.result.transferred() : 0);
    if (is_busy(answer.result)) {
      co_await shard.sleep(busy_pause);
    } else if (!deserves_another_try(answer.result)) {
      break;
    }
  }
  co_return answer;
}

std::string text_of(Bytes bytes) {
  std::string text(bytes.begin(), bytes.end());
  std::erase(text, '\0');
  const auto begin = text.find_first_not_of(' ');
  return begin == std::string::npos ? std::string() : text.substr(begin, text.find_last_not_of(' ') - begin + 1);
}

std::string why(const ScsiResult& result) {
  if (result.fault == ScsiResult::Fault::gone) return "it is gone";
  if (result.fault == ScsiResult::Fault::offline) return "the kernel has taken it offline";
  if (result.fault == ScsiResult::Fault::no_resources) return "the kernel has no memory for a command";
  if (result.fault != ScsiResult::Fault::none) return "the kernel refused the command";
  if (result.host_status == HostStatus::time_out) return "no answer in time";
  const auto sense = result.sense.decode();
  if (result.has_device_sense() && sense) {
    return fmt::format("sense key {:X}h, additional sense {:02X}h/{:02X}h", static_cast<unsigned>(sense->key),
                       sense->additional.code, sense->additional.qualifier);
  }
  return fmt::format("fault {}, host status {:02X}h, driver status {:02X}h, status {:02X}h",
                     static_cast<unsigned>(result.fault), static_cast<unsigned>(result.host_status),
                     static_cast<unsigned>(result.driver_status), static_cast<unsigned>(result.status));
}

Result<DeviceFacts, std::string> facts_of_inquiry(Bytes data) {
  constexpr std::size_t shortest = 36;
  if (data.size() < 5) return failure(fmt::format("only {} bytes of INQUIRY data", data.size()));
  std::array<std::uint8_t, sizeof(StandardInquiryData)> whole{};
  copy_bytes(data, whole);
  const auto inquiry = read_wire<StandardInquiryData>(whole).value_or(StandardInquiryData{});
  DeviceFacts facts(static_cast<PeripheralDeviceType>(inquiry.qualifier_and_type & 0x1f));
  facts.version = inquiry.version;
  facts.removable = (inquiry.removable_medium & 0x80) != 0;
  facts.supports_protection = (inquiry.flags_5 & 0x01) != 0;
  if (data.size() >= shortest) {
    facts.vendor = text_of(data.subspan(8, 8));
    facts.product = text_of(data.subspan(16, 16));
  }
  return facts;
}

Task<void> learn_medium(Shard& shard, InitiatorPort& port, DeviceFacts& facts) {
  const auto short_answer =
      co_await ask(shard, port, own_command::read_capacity_10(), own_command::read_capacity_10_bytes);
  const auto capacity = read_wire<ReadCapacity10Data>(short_answer.data);
  if (!capacity) co_return;  // no medium, or not ready: looked at again when it is needed
  facts.block_length = capacity->logical_block_length;
  facts.block_count = std::uint64_t{capacity->returned_logical_block_address} + 1;
  constexpr std::uint32_t too_big = 0xffffffff;
  if (capacity->returned_logical_block_address != too_big && !facts.supports_protection) co_return;
  const auto answer = co_await ask(shard, port, own_command::read_capacity_16(), own_command::read_capacity_16_bytes);
  const auto longer = read_wire<ReadCapacity16Data>(answer.data);
  if (!longer) co_return;
  facts.block_count = std::uint64_t{longer->returned_logical_block_address} + 1;
  facts.protected_medium = own_command::is_protected(answer.data);
}

// Simple bridges break on questions that no desktop system asks, so only those that claim a present standard are asked.
bool claims_present_standard(const DeviceFacts& facts) {
  constexpr std::uint8_t spc_3 = 0x05;
  return facts.version >= spc_3;
}
bool may_be_asked_for_commands(const DeviceFacts& facts) {
  return claims_present_standard(facts) && facts.type != PeripheralDeviceType::optical;
}

Task<void> learn_names(Shard& shard, InitiatorPort& port, DeviceFacts& facts) {
  constexpr std::uint16_t page_room = 252;
  constexpr auto serial_page = static_cast<std::uint8_t>(vital_product_data::Page::unit_serial_number);
  const auto serial = co_await ask(shard, port, own_command::inquiry_page(serial_page, page_room), page_room);
  if (serial.data.size() > 4 && serial.data[1] == serial_page) {
    const std::size_t length = std::min<std::size_t>(serial.data[3], serial.data.size() - 4);
    facts.serial_number = text_of(Bytes(serial.data).subspan(4, length));
  }
  constexpr std::uint16_t identification_room = 1024;
  constexpr auto identification = static_cast<std::uint8_t>(vital_product_data::Page::device_identification);
  if (!claims_present_standard(facts)) co_return;
  const auto page =
      co_await ask(shard, port, own_command::inquiry_page(identification, identification_room), identification_room);
  facts.unit_name = unit_name_of(page.data);
}

// A page with its header; no data when the device does not have it.
Task<Answer> read_page(Shard& shard, InitiatorPort& port, std::uint8_t page) {
  using vital_product_data::PageHeader;
  constexpr std::uint16_t usual_room = 252;
  Answer answer = co_await ask(shard, port, own_command::inquiry_page(page, usual_room), usual_room);
  const auto header = read_wire<PageHeader>(answer.data);
  if (!header || header->page_code != page) {
    answer.data.clear();
    co_return answer;
  }
  const auto whole = static_cast<std::uint16_t>(std::min<std::size_t>(sizeof *header + header->page_length, 0xfffc));
  if (whole > usual_room) answer = co_await ask(shard, port, own_command::inquiry_page(page, whole), whole);
  answer.data.resize(std::min<std::size_t>(answer.data.size(), whole));
  co_return answer;
}

// All that INQUIRY can be asked for, but `first`, which is there already.
Task<void> learn_inquiry_data(Shard& shard, InitiatorPort& port, DeviceFacts& facts, Bytes first) {
  constexpr std::size_t additional_length = 4;
  const std::size_t whole = additional_length + 1 + first[additional_length];
  facts.standard_inquiry.assign(first.begin(), first.end());
  if (whole > first.size()) {
    const auto room = static_cast<std::uint8_t>(std::min<std::size_t>(whole, 0xff));
    const auto longer = co_await ask(shard, port, own_command::inquiry(room), room);
    if (longer.result.good()) facts.standard_inquiry = longer.data;
  }
  constexpr auto list = static_cast<std::uint8_t>(vital_product_data::Page::supported_pages);
  const Answer listed = co_await read_page(shard, port, list);
  for (std::size_t at = sizeof(vital_product_data::PageHeader); at < listed.data.size(); ++at) {
    Answer page = co_await read_page(shard, port, listed.data[at]);
    // Nobody waits for the time of every page of a device that does not answer.
    if (!page.result.good() && !page.result.has_device_sense()) co_return;
    if (!page.data.empty()) facts.vital_pages[listed.data[at]] = std::move(page.data);
  }
}

}  // namespace

Task<Result<DeviceFacts, std::string>> inspect_device(Shard& shard, InitiatorPort& port) {
  constexpr std::uint8_t first_inquiry = 96;
  const auto inquiry = co_await ask(shard, port, own_command::inquiry(first_inquiry), first_inquiry);
  if (!inquiry.result.good()) co_return failure(why(inquiry.result));
  auto facts = facts_of_inquiry(inquiry.data);
  if (!facts) co_return failure(facts.error());

  if (facts->is_sequential()) co_await learn_inquiry_data(shard, port, *facts, inquiry.data);
  co_await learn_names(shard, port, *facts);
  const bool has_blocks = facts->is_disk() || facts->type == PeripheralDeviceType::optical;
  if (has_blocks) co_await learn_medium(shard, port, *facts);
  if (may_be_asked_for_commands(*facts)) {
    constexpr std::uint16_t commands_room = 16 * 1024;
    const auto commands =
        co_await ask(shard, port, own_command::report_supported_operation_codes(true, commands_room), commands_room);
    facts->timeouts.learn(commands.data);
  }
  co_return std::move(*facts);
}

}  // namespace tgt
