// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <map>
#include <optional>
#include <string>
#include <vector>

#include "base/bytes.h"

namespace tgt {

// Media that a format or sanitize operation has begun to overwrite and did not finish, by the names that the
// administrator gave them. What MediumWork keeps where it outlives the daemon.
class SpoiltMedia {
 public:
  enum class By : std::uint8_t {
    format = 1,
    sanitize = 2,
    sanitize_with_exit = 3,  // AUSE: EXIT FAILURE MODE may end what it leaves
  };

  std::optional<By> find(const std::string& medium) const;
  SpoiltMedia with(const std::string& medium, By by) const;
  SpoiltMedia without(const std::string& medium) const;

  // As bytes with a checksum.
  std::vector<std::uint8_t> encode() const;
  // Nothing when a byte is wrong or missing: it is refused as a whole.
  static std::optional<SpoiltMedia> decode(Bytes blob);

 private:
  std::map<std::string, By> media_;
};

}  // namespace tgt
