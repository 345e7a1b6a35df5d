// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>

#include "core/nexus.h"
#include "device/passthrough/device_facts.h"
#include "scsi/parameter_writer.h"

namespace tgt {

// Vital product data pages of a device as its initiators see them through us. `original` is the device's own page with
// its header; empty when it has none.

// Pages that tell of the device's own ports, which are not ours: not shown (88h SCSI ports, 8Fh third-party copy).
bool is_hidden_page(std::uint8_t page);

// 00h: without the hidden ones, with those that we add.
void write_supported_pages(const DeviceFacts& facts, Bytes original, ParameterWriter& writer);
// 83h: the logical unit's designators as they are; those of ports and target devices are ours.
void write_device_identification(const Nexus& nexus, Bytes original, ParameterWriter& writer);
// 86h: the task set and its attributes are ours.
void write_extended_inquiry_data(Bytes original, ParameterWriter& writer);
// B0h of disks: no transfer longer than `transfer_blocks`.
void write_block_limits(const DeviceFacts& facts, std::uint32_t transfer_blocks, Bytes original,
                        ParameterWriter& writer);

}  // namespace tgt
