// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <string>

#include "device/primary/primary_device.h"

namespace tgt {

// VPD page 83h (SPC-6, 7.7.6): the logical unit's names, then those of the target port and the target device that the
// question came through.
struct DeviceIdentification {
  static constexpr auto page = vital_product_data::Page::device_identification;
  static void write(const PrimaryDevice& device, const Command& command, ParameterWriter& writer);
  // The designator of an iSCSI target port: its SCSI name string.
  static void append_port_name(const std::string& target_name, std::uint16_t port, ParameterWriter& writer);
};

// Those of the logical unit alone.
void append_logical_unit_designators(const Identity& identity, ParameterWriter& writer);

}  // namespace tgt
