// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstdint>

#include "base/big_endian.h"
#include "base/bytes.h"

// Vital product data pages (SPC-6, 7.7; SBC-4, 6.6).
namespace tgt::vital_product_data {

enum class Page : std::uint8_t {
  supported_pages = 0x00,
  unit_serial_number = 0x80,
  device_identification = 0x83,
  management_network_addresses = 0x85,
  extended_inquiry_data = 0x86,
  mode_page_policy = 0x87,
  scsi_ports = 0x88,
  third_party_copy = 0x8f,
  block_limits = 0xb0,
  block_device_characteristics = 0xb1,
  logical_block_provisioning = 0xb2,
};

struct PageHeader {
  std::uint8_t qualifier_and_type = 0;
  std::uint8_t page_code = 0;
  be16 page_length{};
};
static_assert(WireStruct<PageHeader> && sizeof(PageHeader) == 4);

// Designation descriptors of page 83h (SPC-6, 7.7.6.1).
enum class DesignatorType : std::uint8_t {
  vendor_specific = 0,
  t10_vendor_id = 1,
  eui_64 = 2,
  naa = 3,
  relative_target_port = 4,
  target_port_group = 5,
  logical_unit_group = 6,
  scsi_name_string = 8,
};
enum class Association : std::uint8_t { logical_unit = 0, target_port = 1, target_device = 2 };
enum class CodeSet : std::uint8_t { binary = 1, ascii = 2, utf_8 = 3 };

struct DesignatorHeader {
  std::uint8_t protocol_and_code_set = 0;
  std::uint8_t association_and_type = 0;
  std::uint8_t reserved = 0;
  std::uint8_t designator_length = 0;
};
static_assert(WireStruct<DesignatorHeader> && sizeof(DesignatorHeader) == 4);

// PROTOCOL IDENTIFIER (SPC-6, 7.6.1).
inline constexpr std::uint8_t protocol_fibre_channel = 0x0;
inline constexpr std::uint8_t protocol_iscsi = 0x5;

constexpr DesignatorHeader designator_header(Association association, DesignatorType type, CodeSet code_set,
                                             std::uint8_t length) {
  const auto kind = static_cast<std::uint8_t>((static_cast<unsigned>(association) << 4) | static_cast<unsigned>(type));
  return {.protocol_and_code_set = static_cast<std::uint8_t>(code_set),
          .association_and_type = kind,
          .designator_length = length};
}
// A designator of a target port or device of iSCSI: PIV set.
constexpr DesignatorHeader iscsi_designator_header(Association association, DesignatorType type, CodeSet code_set,
                                                   std::uint8_t length) {
  DesignatorHeader header = designator_header(association, type, code_set, length);
  header.protocol_and_code_set = static_cast<std::uint8_t>(header.protocol_and_code_set | (protocol_iscsi << 4));
  header.association_and_type |= 0x80;
  return header;
}

// Both the relative target port and the target port group designator.
struct PortNumber {
  be16 reserved{};
  be16 number{};
};
static_assert(WireStruct<PortNumber> && sizeof(PortNumber) == 4);

// One port of page 88h (SPC-6, 7.7.13), before its initiator port TransportID, which we do not tell, and its
// designators.
struct ScsiPort {
  be16 reserved{};
  be16 relative_port_identifier{};
  be16 reserved_too{};
  be16 initiator_port_transport_id_length{};
  be16 reserved_as_well{};
  be16 target_port_descriptors_length{};
};
static_assert(WireStruct<ScsiPort> && sizeof(ScsiPort) == 12);

struct ExtendedInquiryData {
  std::uint8_t activate_microcode_and_checks = 0;  // SPT, GRD_CHK, APP_CHK, REF_CHK
  std::uint8_t support = 0x07;                     // SIMPSUP, ORDSUP, HEADSUP; UASK_SUP, GROUP_SUP, PRIOR_SUP
  std::uint8_t volatile_cache = 0;                 // WU_SUP, CRD_SUP, NV_SUP, V_SUP
  std::uint8_t no_protection_and_clearing = 0x01;  // LUICLR: a cleared I_T nexus clears its unit attentions
  std::uint8_t commit_and_test = 0;
  std::uint8_t nexus_flags = 0;
  be16 extended_self_test_completion_minutes{};
  std::uint8_t power_and_history = 0;
  std::uint8_t maximum_supported_sense_data_length = 252;
  std::array<std::uint8_t, 50> reserved{};
};
static_assert(WireStruct<ExtendedInquiryData> && sizeof(ExtendedInquiryData) == 60);

// Page 85h: an address of a service for the logical unit; it is followed by that address.
struct NetworkServiceDescriptor {
  std::uint8_t association_and_service_type = 0;  // ASSOCIATION: 0, the logical unit; SERVICE TYPE: 0, not specified
  std::uint8_t reserved = 0;
  be16 network_address_length{};
};
static_assert(WireStruct<NetworkServiceDescriptor> && sizeof(NetworkServiceDescriptor) == 4);

// Page 87h: one for all pages and subpages.
struct ModePagePolicyDescriptor {
  std::uint8_t policy_page_code = 0x3f;
  std::uint8_t policy_subpage_code = 0xff;
  std::uint8_t policy = 0;  // shared; MLUS in bit 7
  std::uint8_t reserved = 0;
};
static_assert(WireStruct<ModePagePolicyDescriptor> && sizeof(ModePagePolicyDescriptor) == 4);

// Page B0h of block devices (SBC-4, 6.6.3). Zero: not told, or not supported.
struct BlockLimits {
  std::uint8_t write_same_non_zero = 0;  // WSNZ in bit 0
  std::uint8_t maximum_compare_and_write_length = 0;
  be16 optimal_transfer_length_granularity{};
  be32 maximum_transfer_length{};
  be32 optimal_transfer_length{};
  be32 maximum_prefetch_length{};
  be32 maximum_unmap_lba_count{};
  be32 maximum_unmap_block_descriptor_count{};
  be32 optimal_unmap_granularity{};
  be32 unmap_granularity_alignment{};  // UGAVALID in bit 31
  be64 maximum_write_same_length{};
  be32 maximum_atomic_transfer_length{};
  be32 atomic_alignment{};
  be32 atomic_transfer_length_granularity{};
  be32 maximum_atomic_transfer_length_with_atomic_boundary{};
  be32 maximum_atomic_boundary_size{};
};
static_assert(WireStruct<BlockLimits> && sizeof(BlockLimits) == 60);

inline constexpr std::uint8_t reads_after_block_erase_succeed = 0x40;  // WABEREQ

// Page B1h (SBC-4, 6.6.2).
struct BlockDeviceCharacteristics {
  be16 medium_rotation_rate{};  // 0: not told, 1: does not rotate
  std::uint8_t product_type = 0;
  std::uint8_t form_factor = 0;  // WABEREQ in bits 7 and 6, WACEREQ in 5 and 4, nominal form factor in 3 to 0
  std::uint8_t flags = 0;        // FUAB, VBULS
  std::array<std::uint8_t, 55> reserved{};
};
static_assert(WireStruct<BlockDeviceCharacteristics> && sizeof(BlockDeviceCharacteristics) == 60);

// Page B2h (SBC-4, 6.6.7).
struct LogicalBlockProvisioning {
  std::uint8_t threshold_exponent = 0;
  std::uint8_t flags = 0;  // LBPU 80h, LBPWS 40h, LBPWS10 20h, LBPRZ in bits 4 to 2, ANC_SUP, DP
  std::uint8_t provisioning_type = 0;
  std::uint8_t threshold_percentage = 0;
};
static_assert(WireStruct<LogicalBlockProvisioning> && sizeof(LogicalBlockProvisioning) == 4);
inline constexpr std::uint8_t provisioning_not_told = 0;
inline constexpr std::uint8_t provisioning_resource = 1;
inline constexpr std::uint8_t provisioning_thin = 2;

}  // namespace tgt::vital_product_data
