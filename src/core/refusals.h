// SPDX-License-Identifier: Apache-2.0
#pragma once
#include "scsi/sense.h"

// Sense conditions that only the core itself reports.
namespace tgt::refusal {

// ACA attribute without an auto contingent allegiance condition, which we never establish (SAM-6, 8.6.5).
inline constexpr Sense invalid_message = Sense::of(SenseKey::illegal_request, 0x49, 0x00);
// No memory for a command's data; leaves as TASK SET FULL or BUSY, never as sense.
inline constexpr Sense insufficient_resources = Sense::of(SenseKey::aborted_command, 0x55, 0x03);
inline constexpr Sense reservations_preempted = Sense::of(SenseKey::unit_attention, 0x2a, 0x03);
inline constexpr Sense reservations_released = Sense::of(SenseKey::unit_attention, 0x2a, 0x04);
inline constexpr Sense registrations_preempted = Sense::of(SenseKey::unit_attention, 0x2a, 0x05);
inline constexpr Sense insufficient_registration_resources = Sense::of(SenseKey::illegal_request, 0x55, 0x04);
inline constexpr Sense invalid_release_of_persistent_reservation = Sense::of(SenseKey::illegal_request, 0x26, 0x04);

inline constexpr Sense asymmetric_access_state_transition = Sense::of(SenseKey::not_ready, 0x04, 0x0a);
inline constexpr Sense target_port_in_standby_state = Sense::of(SenseKey::not_ready, 0x04, 0x0b);
inline constexpr Sense target_port_in_unavailable_state = Sense::of(SenseKey::not_ready, 0x04, 0x0c);
inline constexpr Sense logical_unit_offline = Sense::of(SenseKey::not_ready, 0x04, 0x12);
inline constexpr Sense asymmetric_access_state_changed = Sense::of(SenseKey::unit_attention, 0x2a, 0x06);

}  // namespace tgt::refusal
