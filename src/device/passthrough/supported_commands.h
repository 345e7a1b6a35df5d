// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "core/command.h"
#include "device/passthrough/passthrough_device.h"

namespace tgt {

// REPORT SUPPORTED OPERATION CODES (SPC-6): what the device supports, without what is not sent to it.
Task<Reply> pass_report_supported_operation_codes(PassthroughDevice& device, Command& command);

// REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS (SPC-6): those of our own task manager.
Task<Reply> answer_report_supported_task_management_functions(PassthroughDevice& device, Command& command);

// The all-commands parameter data in the first `length` bytes of `data`, without the commands that the device does not
// get and with those that are carried out here instead; returns the new length, at most that of `data`.
std::size_t correct_supported_commands(PeripheralDeviceType type, bool with_timeouts, MutableBytes data,
                                       std::size_t length);

}  // namespace tgt
