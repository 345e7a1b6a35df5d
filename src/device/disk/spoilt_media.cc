// SPDX-License-Identifier: Apache-2.0
#include "device/disk/spoilt_media.h"

#include <string_view>

#include "base/big_endian.h"
#include "base/seal.h"

namespace tgt {
namespace {

constexpr std::string_view first_line = "tgt spoilt media 1\n";

// Before the name of each medium.
struct Header {
  std::uint8_t by = 0;
  be32 name_length{};
};
static_assert(WireStruct<Header> && sizeof(Header) == 5);

bool is_known(std::uint8_t by) {
  return by >= static_cast<std::uint8_t>(SpoiltMedia::By::format) &&
         by <= static_cast<std::uint8_t>(SpoiltMedia::By::sanitize_with_exit);
}

}  // namespace

std::optional<SpoiltMedia::By> SpoiltMedia::find(const std::string& medium) const {
  const auto found = media_.find(medium);
  return found == media_.end() ? std::nullopt : std::optional(found->second);
}

SpoiltMedia SpoiltMedia::with(const std::string& medium, By by) const {
  SpoiltMedia after = *this;
  after.media_.insert_or_assign(medium, by);
  return after;
}

SpoiltMedia SpoiltMedia::without(const std::string& medium) const {
  SpoiltMedia after = *this;
  after.media_.erase(medium);
  return after;
}

std::vector<std::uint8_t> SpoiltMedia::encode() const {
  std::vector<std::uint8_t> content;
  for (const auto& [name, by] : media_) {
    const Header header{.by = static_cast<std::uint8_t>(by), .name_length = static_cast<std::uint32_t>(name.size())};
    const Bytes bytes = bytes_of(header);
    content.insert(content.end(), bytes.begin(), bytes.end());
    content.insert(content.end(), name.begin(), name.end());
  }
  return seal(first_line, content);
}

std::optional<SpoiltMedia> SpoiltMedia::decode(Bytes blob) {
  const auto content = unseal(first_line, blob);
  if (!content) return std::nullopt;
  SpoiltMedia media;
  for (Bytes rest = *content; !rest.empty();) {
    const auto header = read_wire<Header>(rest);
    if (!header || !is_known(header->by) || header->name_length > rest.size() - sizeof *header) return std::nullopt;
    const Bytes name = rest.subspan(sizeof *header, header->name_length);
    media.media_.insert_or_assign(std::string(name.begin(), name.end()), static_cast<By>(header->by));
    rest = rest.subspan(sizeof *header + name.size());
  }
  return media;
}

}  // namespace tgt
