// SPDX-License-Identifier: Apache-2.0
#include "device/primary/send_diagnostic.h"

namespace tgt {
namespace {

constexpr std::uint8_t supported_pages = 0x00;

struct PageHeader {
  std::uint8_t page_code = supported_pages;
  std::uint8_t page_code_specific = 0;
  be16 page_length{};
};
static_assert(WireStruct<PageHeader> && sizeof(PageHeader) == 4);

std::optional<Sense> refuses_list(Bytes list) {
  const auto header = read_wire<PageHeader>(list);
  if (!header) return Sense::parameter_list_length_error();
  if (header->page_code != supported_pages) return Sense::invalid_field_in_parameter_list(0, std::uint8_t{7});
  if (header->page_length != 0) return Sense::invalid_field_in_parameter_list(2, std::uint8_t{7});
  if (list.size() != sizeof *header) return Sense::parameter_list_length_error();
  return std::nullopt;
}

}  // namespace

Task<Reply> SendDiagnostic::run(PrimaryDevice& device, Command& command) {
  const std::uint64_t length = command[parameter_list_length];
  if (command[self_test] != 0) {
    if (length != 0) co_return Reply::check_condition(Sense::invalid_field_in_cdb(parameter_list_length));
    const auto failed = co_await device.self_test(command.shard());
    co_return failed ? Reply::check_condition(*failed) : Reply::good();
  }
  if (length == 0) co_return Reply::good();
  if (command[page_format] == 0) co_return Reply::check_condition(Sense::invalid_field_in_cdb(page_format));
  const auto list = co_await command.parameter_list(length);
  if (!list) co_return Reply::check_condition(list.error());
  const auto refused = refuses_list(*list);
  co_return refused ? Reply::check_condition(*refused) : Reply::good();
}

Reply ReceiveDiagnosticResults::run(PrimaryDevice&, Command& command) {
  if (command[page_code_valid] != 0 && command[page_code] != supported_pages) {
    return Reply::check_condition(Sense::invalid_field_in_cdb(page_code));
  }
  return parameter_data(command, sizeof(PageHeader) + 1, [](ParameterWriter& writer) {
    writer.append(PageHeader{.page_length = std::uint16_t{1}});
    writer.append(supported_pages);
  });
}

}  // namespace tgt
