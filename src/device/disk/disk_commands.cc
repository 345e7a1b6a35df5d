// SPDX-License-Identifier: Apache-2.0
// What a disk can do: its commands and its VPD pages.
#include <fmt/format.h>

#include "core/report_luns.h"
#include "core/report_target_port_groups.h"
#include "core/reservations/commands.h"
#include "core/set_target_port_groups.h"
#include "device/disk/block_device_characteristics.h"
#include "device/disk/block_limits.h"
#include "device/disk/compare_and_write.h"
#include "device/disk/copy/extended_copy.h"
#include "device/disk/copy/populate_token.h"
#include "device/disk/copy/receive_copy_results.h"
#include "device/disk/copy/receive_rod_token_information.h"
#include "device/disk/copy/third_party_copy_page.h"
#include "device/disk/copy/write_using_token.h"
#include "device/disk/disk.h"
#include "device/disk/format_unit.h"
#include "device/disk/get_lba_status.h"
#include "device/disk/log_pages.h"
#include "device/disk/logical_block_provisioning.h"
#include "device/disk/orwrite.h"
#include "device/disk/pre_fetch.h"
#include "device/disk/read.h"
#include "device/disk/read_capacity.h"
#include "device/disk/read_defect_data.h"
#include "device/disk/sanitize.h"
#include "device/disk/start_stop_unit.h"
#include "device/disk/synchronize_cache.h"
#include "device/disk/unmap.h"
#include "device/disk/verify.h"
#include "device/disk/write.h"
#include "device/disk/write_and_verify.h"
#include "device/disk/write_atomic.h"
#include "device/disk/write_same.h"
#include "device/primary/device_identification.h"
#include "device/primary/extended_inquiry_data.h"
#include "device/primary/identifying_information.h"
#include "device/primary/inquiry.h"
#include "device/primary/log_sense.h"
#include "device/primary/management_network_addresses.h"
#include "device/primary/mode_page_policy.h"
#include "device/primary/mode_select.h"
#include "device/primary/mode_sense.h"
#include "device/primary/prevent_allow_medium_removal.h"
#include "device/primary/read_buffer.h"
#include "device/primary/report_supported_operation_codes.h"
#include "device/primary/report_supported_task_management_functions.h"
#include "device/primary/report_timestamp.h"
#include "device/primary/request_sense.h"
#include "device/primary/scsi_ports.h"
#include "device/primary/send_diagnostic.h"
#include "device/primary/supported_pages.h"
#include "device/primary/test_unit_ready.h"
#include "device/primary/unit_serial_number.h"
#include "device/primary/write_buffer.h"

namespace tgt {
namespace {

template <class... More>
consteval auto commands_and() {
  return command_set_with_reservations<
      Disk,  //
      CompareAndWrite, DeviceRequestSense, ExtendedCopy, FormatUnit, Inquiry, LogSelect, LogSense, ModeSelect10,
      ModeSelect6, ModeSense10, ModeSense6, OrWrite16, PopulateToken, PreFetch10, PreFetch16,
      PreventAllowMediumRemoval<Disk>, Read10, Read12, Read16, Read6, ReadBuffer10, ReadCapacity10, ReadCapacity16,
      ReadDefectData10, ReadDefectData12, ReceiveCopyData, ReceiveCopyFailureDetails, ReceiveCopyOperatingParameters,
      ReceiveCopyStatus, ReceiveDiagnosticResults, ReceiveRodTokenInformation, ReportIdentifyingInformation, ReportLuns,
      ReportPriority, ReportSupportedOperationCodes, ReportSupportedTaskManagementFunctions, ReportTargetPortGroups,
      ReportTimestamp, SanitizeExitFailureMode, SanitizeOverwrite, SendDiagnostic, SetIdentifyingInformation,
      SetTargetPortGroups, SetTimestamp, StartStopUnit, SynchronizeCache10, SynchronizeCache16, TestUnitReady, Verify10,
      Verify12, Verify16, Write10, Write12, Write16, Write6, WriteAndVerify10, WriteAndVerify12, WriteAndVerify16,
      WriteBuffer10, WriteSame10, WriteSame16, WriteUsingToken, More...>();
}

constexpr auto fully_provisioned_commands = commands_and<>();
constexpr auto fully_provisioned_atomic_commands = commands_and<WriteAtomic16>();
constexpr auto thin_commands = commands_and<GetLbaStatus16, SanitizeBlockErase, Unmap>();
constexpr auto thin_atomic_commands = commands_and<GetLbaStatus16, SanitizeBlockErase, Unmap, WriteAtomic16>();

constexpr auto disk_pages =
    vital_product_data_pages<Disk, SupportedPages, UnitSerialNumber, DeviceIdentification, ManagementNetworkAddresses,
                             ExtendedInquiryDataPage, ModePagePolicy, ScsiPortsPage, ThirdPartyCopyPage,
                             BlockLimitsPage, BlockDeviceCharacteristicsPage, LogicalBlockProvisioningPage>();

constexpr auto disk_log_pages =
    log_pages<Disk, WriteErrorCounters, ReadErrorCounters, VerifyErrorCounters, LogicalBlockProvisioningLog,
              TemperatureLog, SolidStateMediaLog, GeneralStatisticsLog, InformationalExceptionsLog>();

}  // namespace

CommandTable Disk::commands() const {
  const bool atomic = atomic_unit() != 0;
  if (thin()) return atomic ? CommandTable(thin_atomic_commands) : thin_commands;
  return atomic ? CommandTable(fully_provisioned_atomic_commands) : fully_provisioned_commands;
}

std::span<const LogPage> Disk::log_pages() const { return disk_log_pages; }

DeviceServer::Told Disk::told() const {
  Told told = PrimaryDevice::told();
  const auto both = fmt::format(" {} {}", thin(), geometry_.physical_block_exponent.load());
  told.capacity += fmt::format("{} {}", both, geometry_.lowest_aligned_address.load());
  told.inquiry +=
      fmt::format("{} {} {} {} {} {}", both, threshold_exponent(), removable(), geometry_.rotation_rate.load(),
                  geometry_.optimal_granularity.load(), geometry_.optimal_length.load());
  return told;
}

std::span<const VitalProductDataPage> Disk::vital_product_data_pages() const { return disk_pages; }

}  // namespace tgt
