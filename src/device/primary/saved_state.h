// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <optional>
#include <vector>

#include "base/bytes.h"

namespace tgt {

// What initiators told a logical unit to keep (SPC-6): saved mode pages and identifying information.
struct SavedState {
  std::vector<std::uint8_t> mode_pages;  // as MODE SELECT takes them
  std::vector<std::uint8_t> identifying_information;
  std::vector<std::uint8_t> text_identifying_information;
  friend bool operator==(const SavedState&, const SavedState&) = default;

  // As bytes with a checksum.
  std::vector<std::uint8_t> encode() const;
  // Nothing when a byte is wrong or missing: it is refused as a whole.
  static std::optional<SavedState> decode(Bytes blob);
};

}  // namespace tgt
