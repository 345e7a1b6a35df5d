// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/primary/primary_device.h"

namespace tgt {

// The logical unit that every target has at LUN 0 until another one takes its place: a storage array controller
// (SCC-2) that answers questions and does nothing else.
class Controller final : public PrimaryDevice {
 public:
  Controller(std::uint32_t target_id, const std::string& target_name);

  PeripheralDeviceType type() const override { return PeripheralDeviceType::storage_array_controller; }
  CommandTable commands() const override;
  std::span<const VitalProductDataPage> vital_product_data_pages() const override;
  StandardInquiryData standard_inquiry_data() const override;
  Description describe() const override;
};

}  // namespace tgt
