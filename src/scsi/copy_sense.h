// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "scsi/sense.h"

// Sense conditions of third-party copies (SPC-5, 5.18 and 6.6; tokens: 5.18.6).
namespace tgt::copy_sense {

// ILLEGAL REQUEST: the parameter list was not begun with.
inline constexpr Sense operation_in_progress = Sense::of(SenseKey::illegal_request, 0x00, 0x16);
inline constexpr Sense too_many_target_descriptors = Sense::of(SenseKey::illegal_request, 0x26, 0x06);
inline constexpr Sense too_many_segment_descriptors = Sense::of(SenseKey::illegal_request, 0x26, 0x08);
inline constexpr Sense inline_data_length_exceeded = Sense::of(SenseKey::illegal_request, 0x26, 0x0b);
inline constexpr Sense cannot_reach_token_data = Sense::of(SenseKey::illegal_request, 0x23, 0x00);
inline constexpr Sense unsupported_token_type = Sense::of(SenseKey::illegal_request, 0x23, 0x01);
inline constexpr Sense token_unknown = Sense::of(SenseKey::illegal_request, 0x23, 0x04);
inline constexpr Sense token_revoked = Sense::of(SenseKey::illegal_request, 0x23, 0x06);
inline constexpr Sense token_expired = Sense::of(SenseKey::illegal_request, 0x23, 0x07);
inline constexpr Sense invalid_token_length = Sense::of(SenseKey::illegal_request, 0x23, 0x0a);
inline constexpr Sense insufficient_resources_for_token = Sense::of(SenseKey::illegal_request, 0x55, 0x0d);

constexpr Sense pointing_at(Sense sense, std::size_t byte, std::optional<std::uint8_t> bit = {}) {
  sense.field = FieldPointer{FieldPointer::Where::parameter_list, static_cast<std::uint16_t>(byte), bit};
  return sense;
}
constexpr Sense unsupported_target_descriptor_type(std::size_t byte) {
  return pointing_at(Sense::of(SenseKey::illegal_request, 0x26, 0x07), byte);
}
constexpr Sense unsupported_segment_descriptor_type(std::size_t byte) {
  return pointing_at(Sense::of(SenseKey::illegal_request, 0x26, 0x09), byte);
}

// COPY ABORTED: with the number of the segment in COMMAND-SPECIFIC INFORMATION, and a pointer into its descriptor.
inline constexpr Sense segment_out_of_range = Sense::of(SenseKey::copy_aborted, 0x00, 0x00);
inline constexpr Sense unreachable_copy_target = Sense::of(SenseKey::copy_aborted, 0x08, 0x04);
inline constexpr Sense third_party_device_failure = Sense::of(SenseKey::copy_aborted, 0x0d, 0x01);
inline constexpr Sense copy_target_device_not_reachable = Sense::of(SenseKey::copy_aborted, 0x0d, 0x02);
inline constexpr Sense incorrect_copy_target_device_type = Sense::of(SenseKey::copy_aborted, 0x0d, 0x03);
inline constexpr Sense unexpected_inexact_segment = Sense::of(SenseKey::copy_aborted, 0x26, 0x0a);

constexpr Sense in_segment(Sense sense, std::size_t segment, std::uint16_t byte) {
  sense.command_specific = segment;
  sense.field = FieldPointer{FieldPointer::Where::segment_descriptor, byte, {}};
  return sense;
}

}  // namespace tgt::copy_sense
