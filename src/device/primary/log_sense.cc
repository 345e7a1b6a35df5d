// SPDX-License-Identifier: Apache-2.0
#include "device/primary/log_sense.h"

#include <algorithm>
#include <vector>

#include "core/itl_nexus.h"

namespace tgt {
namespace {

constexpr std::size_t room = 2048;

enum class PageControl : std::uint8_t {
  threshold = 0,
  cumulative = 1,
  default_threshold = 2,
  default_cumulative = 3,
};

struct Wanted {
  std::uint8_t page = 0;
  std::uint8_t subpage = 0;
  bool lists() const { return page == 0 || subpage == log_page::every_subpage; }
};

// Both commands have these fields in the same places.
Wanted wanted_by(const Command& command) {
  return {.page = static_cast<std::uint8_t>(command[LogSense::page_code]),
          .subpage = static_cast<std::uint8_t>(command[LogSense::subpage_code])};
}

// The page, or why there is none.
Result<const LogPage*, Sense> find_page(const PrimaryDevice& device, Wanted wanted) {
  bool right_code = wanted.page == 0;
  for (const LogPage& page : device.log_pages()) {
    if (page.code != wanted.page || !page.has(device)) continue;
    if (page.subpage == wanted.subpage) return &page;
    right_code = true;
  }
  return failure(Sense::invalid_field_in_cdb(right_code ? LogSense::subpage_code : LogSense::page_code));
}

// 00h: page codes. 00h/FFh: pages with their subpages. xxh/FFh: the subpages of that page.
void write_list(const PrimaryDevice& device, Wanted wanted, ParameterWriter& writer) {
  const bool pairs = wanted.subpage != 0;
  const auto append = [&](std::uint8_t code, std::uint8_t subpage) {
    writer.append(code);
    if (pairs) writer.append(subpage);
  };
  if (wanted.page == 0) {
    append(0, 0);
    if (pairs) append(0, log_page::every_subpage);
  }
  for (const LogPage& page : device.log_pages()) {
    if (page.has(device) && (wanted.page == 0 || wanted.page == page.code)) append(page.code, page.subpage);
  }
}

std::optional<Sense> refuses_list(const PrimaryDevice& device, Wanted wanted, std::uint64_t pointer) {
  if (wanted.subpage != 0 && wanted.subpage != log_page::every_subpage) {
    return Sense::invalid_field_in_cdb(LogSense::subpage_code);
  }
  if (wanted.page != 0) {
    const auto page = find_page(device, {.page = wanted.page, .subpage = 0});
    if (!page) return page.error();
  }
  if (pointer != 0) return Sense::invalid_field_in_cdb(LogSense::parameter_pointer);
  return std::nullopt;
}

// The parameters whose code is not below `pointer`; nothing when there are none.
Bytes parameters_from(Bytes parameters, std::uint64_t pointer) {
  while (const auto header = read_wire<log_page::ParameterHeader>(parameters)) {
    if (header->parameter_code >= pointer) break;
    parameters = parameters.subspan(std::min(parameters.size(), sizeof *header + header->parameter_length));
  }
  return parameters;
}

Reply page_in(Command& command, Wanted wanted, Bytes body) {
  return parameter_data(command, sizeof(log_page::PageHeader) + body.size(), [&](ParameterWriter& writer) {
    log_page::PageHeader header{.page_code = static_cast<std::uint8_t>(wanted.page | log_page::disable_save),
                                .subpage_code = wanted.subpage,
                                .page_length = static_cast<std::uint16_t>(body.size())};
    if (wanted.subpage != 0) header.page_code |= log_page::subpage_format;
    writer.append(header);
    writer.append(body);
  });
}

}  // namespace

Task<Reply> LogSense::run(PrimaryDevice& device, Command& command) {
  const Wanted wanted = wanted_by(command);
  const std::uint64_t pointer = command[parameter_pointer];
  std::vector<std::uint8_t> body(room);
  ParameterWriter writer(body);
  if (wanted.lists()) {
    const auto refused = refuses_list(device, wanted, pointer);
    if (refused) co_return Reply::check_condition(*refused);
    write_list(device, wanted, writer);
    co_return page_in(command, wanted, writer.written());
  }
  const auto page = find_page(device, wanted);
  if (!page) co_return Reply::check_condition(page.error());
  if (static_cast<PageControl>(command[page_control]) != PageControl::cumulative) {
    co_return Reply::check_condition(Sense::invalid_field_in_cdb(page_control));
  }
  co_await device.prepare_log_page(command.shard(), wanted.page);
  (*page)->write(device, writer);
  const Bytes parameters = parameters_from(writer.written(), pointer);
  if (pointer != 0 && parameters.empty())
    co_return Reply::check_condition(Sense::invalid_field_in_cdb(parameter_pointer));
  co_return page_in(command, wanted, parameters);
}

Reply LogSelect::run(PrimaryDevice& device, Command& command) {
  const Wanted wanted = wanted_by(command);
  const auto control = static_cast<PageControl>(command[page_control]);
  const bool resets = command[parameter_code_reset] != 0 || control == PageControl::default_cumulative;
  if (command[parameter_list_length] != 0) {
    return Reply::check_condition(Sense::invalid_field_in_cdb(parameter_list_length));
  }
  if (!resets && control != PageControl::cumulative) {
    return Reply::check_condition(Sense::invalid_field_in_cdb(page_control));
  }
  const bool every_page = wanted.page == 0 && wanted.subpage == 0;
  const auto page = find_page(device, wanted);
  if (!every_page && !page) return Reply::check_condition(page.error());
  if (!resets) return Reply::good();
  for (const LogPage& each : device.log_pages()) {
    if (each.reset != nullptr && (every_page || &each == *page)) each.reset(device);
  }
  ItlNexus& itl = command.itl();
  itl.unit().unit_attentions().establish(Sense::log_parameters_changed(), &itl);
  return Reply::good();
}

}  // namespace tgt
