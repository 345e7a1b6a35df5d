// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <algorithm>
#include <array>
#include <cstdint>
#include <optional>

#include "base/bytes.h"
#include "scsi/field.h"

namespace tgt {

// SPC-6, 4.4.8.
enum class SenseKey : std::uint8_t {
  no_sense = 0x0,
  recovered_error = 0x1,
  not_ready = 0x2,
  medium_error = 0x3,
  hardware_error = 0x4,
  illegal_request = 0x5,
  unit_attention = 0x6,
  data_protect = 0x7,
  blank_check = 0x8,
  vendor_specific = 0x9,
  copy_aborted = 0xa,
  aborted_command = 0xb,
  volume_overflow = 0xd,
  miscompare = 0xe,
  completed = 0xf,
};

// ADDITIONAL SENSE CODE and its QUALIFIER.
struct AdditionalSense {
  std::uint8_t code = 0;
  std::uint8_t qualifier = 0;
  friend constexpr bool operator==(AdditionalSense, AdditionalSense) = default;
};

// Where in a CDB or parameter list the first offending bit stands (SPC-6, field pointer and, with COPY ABORTED, segment
// pointer sense key specific data; the latter may count from the start of the segment descriptor).
struct FieldPointer {
  enum class Where : std::uint8_t { cdb, parameter_list, segment_descriptor };
  Where where = Where::cdb;
  std::uint16_t byte = 0;
  std::optional<std::uint8_t> bit{};
};

// Why a command ended in CHECK CONDITION, before it takes a wire format. Built by the named factories only; the
// numbers stand here and nowhere else.
struct Sense {
  SenseKey key = SenseKey::no_sense;
  AdditionalSense additional{};
  std::optional<FieldPointer> field{};
  std::optional<std::uint64_t> information{};
  std::optional<std::uint64_t> command_specific{};
  std::optional<std::uint16_t> progress{};  // of 65536
  bool deferred = false;
  friend constexpr bool operator==(const Sense& a, const Sense& b) {
    return a.key == b.key && a.additional == b.additional;
  }

  static constexpr Sense of(SenseKey key, std::uint8_t code, std::uint8_t qualifier) {
    return {.key = key, .additional = {code, qualifier}};
  }
  // ILLEGAL REQUEST
  static constexpr Sense invalid_operation_code() { return of(SenseKey::illegal_request, 0x20, 0x00); }
  static constexpr Sense lba_out_of_range(std::uint64_t first_bad_address) {
    Sense sense = of(SenseKey::illegal_request, 0x21, 0x00);
    sense.information = first_bad_address;
    return sense;
  }
  static constexpr Sense invalid_field_in_cdb() { return of(SenseKey::illegal_request, 0x24, 0x00); }
  static constexpr Sense invalid_field_in_cdb(Field field) {
    return invalid_field_in_cdb(FieldPointer{FieldPointer::Where::cdb, field.byte, field.most_significant_bit});
  }
  static constexpr Sense invalid_field_in_cdb(FieldPointer at) {
    Sense sense = invalid_field_in_cdb();
    sense.field = at;
    return sense;
  }
  static constexpr Sense invalid_field_in_parameter_list(std::uint16_t byte, std::optional<std::uint8_t> bit = {}) {
    Sense sense = of(SenseKey::illegal_request, 0x26, 0x00);
    sense.field = FieldPointer{FieldPointer::Where::parameter_list, byte, bit};
    return sense;
  }
  static constexpr Sense parameter_list_length_error() { return of(SenseKey::illegal_request, 0x1a, 0x00); }
  static constexpr Sense logical_unit_not_supported() { return of(SenseKey::illegal_request, 0x25, 0x00); }
  static constexpr Sense invalid_field_in_command_information_unit() {
    return of(SenseKey::illegal_request, 0x0e, 0x03);
  }
  static constexpr Sense medium_removal_prevented() { return of(SenseKey::illegal_request, 0x53, 0x02); }
  static constexpr Sense saving_parameters_not_supported() { return of(SenseKey::illegal_request, 0x39, 0x00); }
  static constexpr Sense command_sequence_error() { return of(SenseKey::illegal_request, 0x2c, 0x00); }
  // NOT READY
  static constexpr Sense medium_not_present() { return of(SenseKey::not_ready, 0x3a, 0x00); }
  static constexpr Sense becoming_ready() { return of(SenseKey::not_ready, 0x04, 0x01); }
  static constexpr Sense initializing_command_required() { return of(SenseKey::not_ready, 0x04, 0x02); }
  static constexpr Sense format_in_progress(std::uint16_t progress) { return in_progress(0x04, progress); }
  static constexpr Sense sanitize_in_progress(std::uint16_t progress) { return in_progress(0x1b, progress); }
  static constexpr Sense logical_unit_communication_failure() { return of(SenseKey::not_ready, 0x08, 0x00); }
  static constexpr Sense logical_unit_communication_time_out() { return of(SenseKey::not_ready, 0x08, 0x01); }
  // MEDIUM and HARDWARE ERROR
  static constexpr Sense unrecovered_read_error() { return of(SenseKey::medium_error, 0x11, 0x00); }
  static constexpr Sense write_error() { return of(SenseKey::medium_error, 0x0c, 0x00); }
  static constexpr Sense medium_format_corrupted() { return of(SenseKey::medium_error, 0x31, 0x00); }
  static constexpr Sense format_command_failed() { return of(SenseKey::medium_error, 0x31, 0x01); }
  static constexpr Sense sanitize_command_failed() { return of(SenseKey::medium_error, 0x31, 0x03); }
  static constexpr Sense logical_unit_failed_self_test() { return of(SenseKey::hardware_error, 0x3e, 0x03); }
  static constexpr Sense internal_target_failure() { return of(SenseKey::hardware_error, 0x44, 0x00); }
  // DATA PROTECT
  static constexpr Sense write_protected() { return of(SenseKey::data_protect, 0x27, 0x00); }
  static constexpr Sense software_write_protected() { return of(SenseKey::data_protect, 0x27, 0x02); }
  static constexpr Sense space_allocation_failed() { return of(SenseKey::data_protect, 0x27, 0x07); }
  // ABORTED COMMAND
  static constexpr Sense aborted_command() { return of(SenseKey::aborted_command, 0x00, 0x00); }
  static constexpr Sense communication_failure() { return of(SenseKey::aborted_command, 0x08, 0x00); }
  static constexpr Sense communication_timeout() { return of(SenseKey::aborted_command, 0x08, 0x01); }
  static constexpr Sense parity_error() { return of(SenseKey::aborted_command, 0x47, 0x03); }
  static constexpr Sense protocol_service_crc_error() { return of(SenseKey::aborted_command, 0x47, 0x05); }
  static constexpr Sense overlapped_commands_attempted() { return of(SenseKey::aborted_command, 0x4e, 0x00); }
  static constexpr Sense not_enough_unsolicited_data() { return of(SenseKey::aborted_command, 0x0c, 0x0d); }
  // UNIT ATTENTION
  static constexpr Sense power_on_or_reset() { return of(SenseKey::unit_attention, 0x29, 0x00); }
  static constexpr Sense power_on() { return of(SenseKey::unit_attention, 0x29, 0x01); }
  static constexpr Sense scsi_bus_reset() { return of(SenseKey::unit_attention, 0x29, 0x02); }
  static constexpr Sense bus_device_reset() { return of(SenseKey::unit_attention, 0x29, 0x03); }
  static constexpr Sense i_t_nexus_loss() { return of(SenseKey::unit_attention, 0x29, 0x07); }
  static constexpr Sense mode_parameters_changed() { return of(SenseKey::unit_attention, 0x2a, 0x01); }
  static constexpr Sense log_parameters_changed() { return of(SenseKey::unit_attention, 0x2a, 0x02); }
  static constexpr Sense timestamp_changed() { return of(SenseKey::unit_attention, 0x2a, 0x10); }
  static constexpr Sense device_identifier_changed() { return of(SenseKey::unit_attention, 0x3f, 0x05); }
  static constexpr Sense capacity_data_changed() { return of(SenseKey::unit_attention, 0x2a, 0x09); }
  static constexpr Sense commands_cleared_by_another_initiator() { return of(SenseKey::unit_attention, 0x2f, 0x00); }
  static constexpr Sense inquiry_data_changed() { return of(SenseKey::unit_attention, 0x3f, 0x03); }
  static constexpr Sense reported_luns_data_changed() { return of(SenseKey::unit_attention, 0x3f, 0x0e); }
  // INFORMATION: where the threshold's descriptor stands in its mode page (SBC-4, 4.7.3.7.6).
  static constexpr Sense thin_provisioning_soft_threshold_reached(std::uint64_t descriptor_offset) {
    Sense sense = of(SenseKey::unit_attention, 0x38, 0x07);
    sense.information = descriptor_offset;
    return sense;
  }
  static constexpr Sense medium_may_have_changed() { return of(SenseKey::unit_attention, 0x28, 0x00); }
  // MISCOMPARE
  static constexpr Sense miscompare_during_verify(std::uint64_t offset) {
    Sense sense = of(SenseKey::miscompare, 0x1d, 0x00);
    sense.information = offset;
    return sense;
  }

 private:
  static constexpr Sense in_progress(std::uint8_t qualifier, std::uint16_t progress) {
    Sense sense = of(SenseKey::not_ready, 0x04, qualifier);
    sense.progress = progress;
    return sense;
  }
};

// Sense data as bytes (SPC-6, 4.4): built here in fixed or descriptor format, or a device's own, untouched.
// At most 252 bytes; empty when there is none.
class SenseData {
 public:
  static constexpr std::size_t longest = 252;
  enum class Format : std::uint8_t { fixed, descriptor };

  SenseData() = default;
  // Only what is there is copied: a reply without sense is passed along several times for every command.
  SenseData(const SenseData& other) : length_(other.length_) {
    std::copy_n(other.bytes_.begin(), length_, bytes_.begin());
  }
  SenseData& operator=(const SenseData& other) {
    length_ = other.length_;
    std::copy_n(other.bytes_.begin(), length_, bytes_.begin());
    return *this;
  }
  // Fixed format has room for 32 bits of INFORMATION; a larger one leaves VALID at zero.
  static SenseData encode(const Sense& sense, Format format);
  // A device's own bytes, cut at 252.
  static SenseData from_device(Bytes sense);

  bool empty() const { return length_ == 0; }
  Bytes bytes() const { return Bytes(bytes_).first(length_); }
  // Key and additional sense of either format; nothing when the bytes are no current or deferred sense data.
  std::optional<Sense> decode() const;

 private:
  void append(Bytes more);
  std::array<std::uint8_t, longest> bytes_;
  std::uint8_t length_ = 0;
};

}  // namespace tgt
