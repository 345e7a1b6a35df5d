// SPDX-License-Identifier: Apache-2.0
#include "device/primary/controller.h"

#include "core/report_luns.h"
#include "core/report_target_port_groups.h"
#include "core/set_target_port_groups.h"
#include "device/primary/device_identification.h"
#include "device/primary/extended_inquiry_data.h"
#include "device/primary/inquiry.h"
#include "device/primary/mode_sense.h"
#include "device/primary/report_supported_operation_codes.h"
#include "device/primary/report_supported_task_management_functions.h"
#include "device/primary/request_sense.h"
#include "device/primary/scsi_ports.h"
#include "device/primary/supported_pages.h"
#include "device/primary/test_unit_ready.h"
#include "device/primary/unit_serial_number.h"

namespace tgt {
namespace {

constexpr auto controller_commands =
    command_set<Controller, Inquiry, ModeSense6, ModeSense10, ReportLuns, ReportSupportedOperationCodes,
                ReportSupportedTaskManagementFunctions, ReportTargetPortGroups, DeviceRequestSense, SetTargetPortGroups,
                TestUnitReady>();

constexpr auto controller_pages =
    vital_product_data_pages<Controller, SupportedPages, UnitSerialNumber, DeviceIdentification,
                             ExtendedInquiryDataPage, ScsiPortsPage>();

}  // namespace

Controller::Controller(std::uint32_t target_id, const std::string& target_name)
    : PrimaryDevice(Identity::of(target_id, 0, "Controller", target_name)) {
  mutable_mode_pages().add(mode::Control{});
}

CommandTable Controller::commands() const { return controller_commands; }

std::span<const VitalProductDataPage> Controller::vital_product_data_pages() const { return controller_pages; }

StandardInquiryData Controller::standard_inquiry_data() const {
  namespace version = version_descriptor;
  StandardInquiryData data;
  data.qualifier_and_type = qualifier_and_type(PeripheralQualifier::connected, static_cast<std::uint8_t>(type()));
  data.version_descriptors = {version::sam_5, version::iscsi, version::spc_4, version::scc_2};
  return data;
}

DeviceServer::Description Controller::describe() const {
  const Identity names = identity();
  Description description;
  description.type_word = "controller";
  description.scsi_id = names.scsi_id;
  description.serial_number = names.serial_number;
  return description;
}

}  // namespace tgt
