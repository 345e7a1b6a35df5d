// SPDX-License-Identifier: Apache-2.0
#include "base/seal.h"

#include <algorithm>

#include "base/crc32c.h"

namespace tgt {

std::vector<std::uint8_t> seal(std::string_view first_line, Bytes content) {
  std::vector<std::uint8_t> blob(first_line.begin(), first_line.end());
  blob.insert(blob.end(), content.begin(), content.end());
  const Crc32c::Digest checksum = Crc32c::of(blob);
  blob.insert(blob.end(), checksum.begin(), checksum.end());
  return blob;
}

std::optional<Bytes> unseal(std::string_view first_line, Bytes blob) {
  constexpr std::size_t checksum_length = sizeof(Crc32c::Digest);
  if (blob.size() < first_line.size() + checksum_length) return std::nullopt;
  const Bytes checked = blob.first(blob.size() - checksum_length);
  if (!std::ranges::equal(Crc32c::of(checked), blob.last(checksum_length))) return std::nullopt;
  if (!std::equal(first_line.begin(), first_line.end(), checked.begin())) return std::nullopt;
  return checked.subspan(first_line.size());
}

}  // namespace tgt
