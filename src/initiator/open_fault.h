// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <string>

namespace tgt {

// Why a device could not be opened: a kind for programs, and a text for people that says what, where, why and what to
// do next.
struct OpenFault {
  enum class Kind : std::uint8_t {
    not_found,
    not_permitted,
    not_a_scsi_device,
    partition,
    no_generic_node,  // the sg driver is not there
    busy,
    not_responding,
    other,
  };
  Kind kind = Kind::other;
  std::string text;
};

}  // namespace tgt
