// SPDX-License-Identifier: Apache-2.0
#include "core/absent_unit.h"

#include <array>
#include <cstring>

#include "core/device_server.h"
#include "core/report_luns.h"
#include "core/request_sense.h"
#include "scsi/inquiry.h"
#include "scsi/lun.h"

namespace tgt {
namespace {

bool is_well_known(const Command& command) { return command.request().lun == report_luns_well_known_unit; }

// No device: the handlers below never look at the one they are given.
class Nobody final : public DeviceServer {
 public:
  PeripheralDeviceType type() const override { return PeripheralDeviceType::unknown; }
  Result<const CommandTraits*, Sense> decode(const Cdb&) const override {
    return failure(Sense::logical_unit_not_supported());
  }
  Task<void> close(Shard&) override { co_return; }
  Description describe() const override { return {}; }
};

// PERIPHERAL QUALIFIER 011b and type 1Fh: no device is or can be there. The well known unit is type 1Eh.
std::uint8_t peripheral_of(const Command& command) {
  const bool known = is_well_known(command);
  const auto type = known ? PeripheralDeviceType::well_known_logical_unit : PeripheralDeviceType::unknown;
  return qualifier_and_type(known ? PeripheralQualifier::connected : PeripheralQualifier::not_supported,
                            static_cast<std::uint8_t>(type));
}

struct Inquiry {
  static constexpr std::string_view name = "INQUIRY";
  static constexpr std::uint8_t operation_code = 0x12;
  static constexpr std::uint8_t cdb_length = 6;
  static constexpr Access access = Access::none;
  static constexpr bool before_unit_attention = true;
  static constexpr Field vital_product_data{1, 0, 1};
  static constexpr Field page_code{2, 7, 8};
  static constexpr Field allocation_length{3, 7, 16};
  static constexpr std::array fields{vital_product_data, page_code, allocation_length};
  static Reply run(DeviceServer&, Command& command);
};

Reply Inquiry::run(DeviceServer&, Command& command) {
  if (command[page_code] != 0) return Reply::check_condition(Sense::invalid_field_in_cdb(page_code));
  Result<Buffer, Sense> buffer = command.allocate_data_in(sizeof(StandardInquiryData));
  if (!buffer) return Reply::check_condition(buffer.error());
  if (command[vital_product_data] != 0) {
    // Page 00h: supported pages, of which it is the only one.
    const std::array<std::uint8_t, 5> page{peripheral_of(command), 0x00, 0x00, 0x01, 0x00};
    copy_bytes(page, buffer->all());
    return Reply::data_in(std::move(*buffer), page.size());
  }
  StandardInquiryData data;
  data.qualifier_and_type = peripheral_of(command);
  data.vendor_identification = std::string_view("TGT");
  data.product_identification = std::string_view(is_well_known(command) ? "REPORT LUNS" : "NO DEVICE");
  data.product_revision_level = std::string_view("0001");
  std::memcpy(buffer->data(), &data, sizeof data);
  return Reply::data_in(std::move(*buffer), sizeof data);
}

struct AbsentRequestSense : RequestSense {
  static Reply run(DeviceServer&, Command& command) {
    return answer(command, is_well_known(command) ? Sense{} : Sense::logical_unit_not_supported());
  }
};

// Only the well known unit gets that far.
struct TestUnitReady {
  static constexpr std::string_view name = "TEST UNIT READY";
  static constexpr std::uint8_t operation_code = 0x00;
  static constexpr std::uint8_t cdb_length = 6;
  static constexpr Access access = Access::none;
  static constexpr std::array<Field, 0> fields{};
  static Reply run(DeviceServer&, Command&) { return Reply::good(); }
};

constexpr auto absent_set = command_set<DeviceServer, ReportLuns, Inquiry, AbsentRequestSense>();
constexpr auto well_known_set = command_set<DeviceServer, ReportLuns, Inquiry, AbsentRequestSense, TestUnitReady>();

}  // namespace

Result<const CommandTraits*, Sense> AbsentUnit::decode(const Command& command) {
  if (is_well_known(command)) return CommandTable(well_known_set).decode(command.cdb());
  if (CommandTable(absent_set).of(command.cdb().operation_code()).empty()) {
    return failure(Sense::logical_unit_not_supported());
  }
  return CommandTable(absent_set).decode(command.cdb());
}

Reply AbsentUnit::run(const CommandTraits& row, Command& command) {
  Nobody nobody;
  return row.immediate(nobody, command);
}

}  // namespace tgt
