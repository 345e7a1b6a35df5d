// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command.h"
#include "device/passthrough/passthrough_device.h"

namespace tgt {

// REPORT SUPPORTED OPERATION CODES (SPC-6): what the device supports, without what is not sent to it.
Task<Reply> pass_report_supported_operation_codes(PassthroughDevice& device, Command& command);

// REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS (SPC-6): those of our own task manager.
Task<Reply> answer_report_supported_task_management_functions(PassthroughDevice& device, Command& command);

// The all-commands parameter data `data`, without the refused commands; returns the new length.
std::size_t remove_refused_commands(PeripheralDeviceType type, MutableBytes data);

}  // namespace tgt
