// SPDX-License-Identifier: Apache-2.0
#include "device/primary/identifying_information.h"

#include "core/itl_nexus.h"

namespace tgt {
namespace {

enum class InformationType : std::uint8_t { identifying = 0x00, text = 0x02, supported_types = 0x7f };

constexpr std::uint16_t longest_identifying = 64;
constexpr std::uint16_t longest_text = 256;

struct ReportHeader {
  be16 reserved{};
  be16 length{};
};
static_assert(WireStruct<ReportHeader> && sizeof(ReportHeader) == 4);

struct TypeDescriptor {
  std::uint8_t information_type = 0;  // in bits 7 to 1
  std::uint8_t reserved = 0;
  be16 maximum_length{};
};
static_assert(WireStruct<TypeDescriptor> && sizeof(TypeDescriptor) == 4);

constexpr TypeDescriptor describe_type(InformationType type, std::uint16_t longest) {
  return {.information_type = static_cast<std::uint8_t>(static_cast<unsigned>(type) << 1), .maximum_length = longest};
}

Reply information_in(Command& command, Bytes information) {
  return parameter_data(command, sizeof(ReportHeader) + information.size(), [&](ParameterWriter& writer) {
    writer.append(ReportHeader{.length = static_cast<std::uint16_t>(information.size())});
    writer.append(information);
  });
}

Reply supported_types(Command& command) {
  return parameter_data(command, sizeof(ReportHeader) + 2 * sizeof(TypeDescriptor), [](ParameterWriter& writer) {
    writer.append(ReportHeader{.length = std::uint16_t{2 * sizeof(TypeDescriptor)}});
    writer.append(describe_type(InformationType::identifying, longest_identifying));
    writer.append(describe_type(InformationType::text, longest_text));
  });
}

}  // namespace

Reply ReportIdentifyingInformation::run(PrimaryDevice& device, Command& command) {
  switch (static_cast<InformationType>(command[information_type])) {
    case InformationType::identifying:
      return information_in(command, device.saved_state().identifying_information);
    case InformationType::text:
      return information_in(command, device.saved_state().text_identifying_information);
    case InformationType::supported_types:
      return supported_types(command);
  }
  return Reply::check_condition(Sense::invalid_field_in_cdb(information_type));
}

Task<Reply> SetIdentifyingInformation::run(PrimaryDevice& device, Command& command) {
  const auto type = static_cast<InformationType>(command[information_type]);
  const bool is_text = type == InformationType::text;
  if (!is_text && type != InformationType::identifying) {
    co_return Reply::check_condition(Sense::invalid_field_in_cdb(information_type));
  }
  const std::uint64_t length = command[parameter_list_length];
  if (length > (is_text ? longest_text : longest_identifying)) {
    co_return Reply::check_condition(Sense::invalid_field_in_cdb(parameter_list_length));
  }
  const auto list = co_await command.parameter_list(length);
  if (!list) co_return Reply::check_condition(list.error());
  if (is_text && length != 0 && list->back() != 0) {
    // SPC-6, 6.52: text ends with a null character.
    co_return Reply::check_condition(Sense::invalid_field_in_parameter_list(static_cast<std::uint16_t>(length - 1)));
  }
  SavedState state = device.saved_state();
  (is_text ? state.text_identifying_information : state.identifying_information).assign(list->begin(), list->end());
  const bool kept = co_await device.save_state(command.shard(), std::move(state));
  if (!kept) co_return Reply::check_condition(Sense::internal_target_failure());
  ItlNexus& itl = command.itl();
  itl.unit().unit_attentions().establish(Sense::device_identifier_changed(), &itl);
  co_return Reply::good();
}

}  // namespace tgt
