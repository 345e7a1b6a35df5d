// SPDX-License-Identifier: Apache-2.0
#include "device/primary/scsi_ports.h"

#include "core/nexus.h"
#include "core/target.h"
#include "device/primary/device_identification.h"

namespace tgt {

void ScsiPortsPage::write(const PrimaryDevice&, const Command& command, ParameterWriter& writer) {
  using namespace vital_product_data;
  const Target& target = command.nexus().target();
  for (const std::uint16_t port : target.ports()) {
    const std::size_t at = writer.length();
    ScsiPort descriptor{.relative_port_identifier = port};
    writer.append(descriptor);
    if (target.driver() == "iscsi") DeviceIdentification::append_port_name(target.name(), port, writer);
    descriptor.target_port_descriptors_length = static_cast<std::uint16_t>(writer.length() - at - sizeof descriptor);
    writer.replace(at, descriptor);
  }
}

}  // namespace tgt
