// SPDX-License-Identifier: Apache-2.0
#include "device/primary/report_supported_task_management_functions.h"

#include "scsi/report_supported.h"

namespace tgt {
namespace {

using Functions = report_supported::TaskManagementFunctions;

constexpr Functions supported{
    .first = Functions::abort_task | Functions::abort_task_set | Functions::clear_task_set |
             Functions::logical_unit_reset | Functions::query_task | Functions::target_reset,
    .second = Functions::query_asynchronous_event | Functions::query_task_set | Functions::i_t_nexus_reset,
};

}  // namespace

Reply ReportSupportedTaskManagementFunctions::run(PrimaryDevice&, Command& command) {
  const bool extended = command[return_extended_data] != 0;
  constexpr std::size_t most = sizeof(report_supported::ExtendedTaskManagementFunctions);
  return parameter_data(command, most, [&](ParameterWriter& writer) {
    if (!extended) {
      writer.append(supported);
      return;
    }
    report_supported::ExtendedTaskManagementFunctions data;
    data.functions.first = supported.first;
    data.functions.second = supported.second;
    writer.append(data);
  });
}

}  // namespace tgt
