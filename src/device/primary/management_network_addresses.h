// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "device/primary/primary_device.h"

namespace tgt {

// VPD page 85h (SPC-6, 7.7.8), where the administrator has said at which address the logical unit is managed.
struct ManagementNetworkAddresses {
  static constexpr auto page = vital_product_data::Page::management_network_addresses;
  static bool has(const PrimaryDevice& device) { return !device.identity().management_url.empty(); }
  static void write(const PrimaryDevice& device, const Command&, ParameterWriter& writer) {
    std::string url = device.identity().management_url;
    url.resize(url.size() / 4 * 4 + 4, '\0');  // ends with a null character, and is a multiple of four long
    writer.append(
        vital_product_data::NetworkServiceDescriptor{.network_address_length = static_cast<std::uint16_t>(url.size())});
    writer.append_text(url);
  }
};

}  // namespace tgt
