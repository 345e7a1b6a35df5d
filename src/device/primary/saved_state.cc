// SPDX-License-Identifier: Apache-2.0
#include "device/primary/saved_state.h"

#include <algorithm>
#include <string_view>

#include "base/big_endian.h"
#include "base/crc32c.h"

namespace tgt {
namespace {

constexpr std::string_view magic = "tgt logical unit 1\n";

void put(std::vector<std::uint8_t>& out, Bytes bytes) { out.insert(out.end(), bytes.begin(), bytes.end()); }

void put_section(std::vector<std::uint8_t>& out, Bytes section) {
  put(out, bytes_of(be32(static_cast<std::uint32_t>(section.size()))));
  put(out, section);
}

bool take_section(Bytes& from, std::vector<std::uint8_t>& section) {
  const auto length = read_wire<be32>(from);
  if (!length || *length > from.size() - sizeof *length) return false;
  const Bytes bytes = from.subspan(sizeof *length, *length);
  section.assign(bytes.begin(), bytes.end());
  from = from.subspan(sizeof *length + bytes.size());
  return true;
}

}  // namespace

std::vector<std::uint8_t> SavedState::encode() const {
  std::vector<std::uint8_t> blob;
  put(blob, {reinterpret_cast<const std::uint8_t*>(magic.data()), magic.size()});
  put_section(blob, mode_pages);
  put_section(blob, identifying_information);
  put_section(blob, text_identifying_information);
  put(blob, Crc32c::of(blob));
  return blob;
}

std::optional<SavedState> SavedState::decode(Bytes blob) {
  if (blob.size() < magic.size() + sizeof(be32)) return std::nullopt;
  if (!std::equal(magic.begin(), magic.end(), blob.begin())) return std::nullopt;
  const Bytes checked = blob.first(blob.size() - sizeof(be32));
  if (!std::ranges::equal(Crc32c::of(checked), blob.last(sizeof(be32)))) return std::nullopt;
  Bytes rest = checked.subspan(magic.size());
  SavedState state;
  const bool whole = take_section(rest, state.mode_pages) && take_section(rest, state.identifying_information) &&
                     take_section(rest, state.text_identifying_information) && rest.empty();
  return whole ? std::optional(std::move(state)) : std::nullopt;
}

}  // namespace tgt
