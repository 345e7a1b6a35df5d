// SPDX-License-Identifier: Apache-2.0
#include "device/primary/saved_state.h"

#include <string_view>

#include "base/big_endian.h"
#include "base/seal.h"

namespace tgt {
namespace {

constexpr std::string_view first_line = "tgt logical unit 1\n";

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
  std::vector<std::uint8_t> content;
  put_section(content, mode_pages);
  put_section(content, identifying_information);
  put_section(content, text_identifying_information);
  return seal(first_line, content);
}

std::optional<SavedState> SavedState::decode(Bytes blob) {
  const auto content = unseal(first_line, blob);
  if (!content) return std::nullopt;
  Bytes rest = *content;
  SavedState state;
  const bool whole = take_section(rest, state.mode_pages) && take_section(rest, state.identifying_information) &&
                     take_section(rest, state.text_identifying_information) && rest.empty();
  return whole ? std::optional(std::move(state)) : std::nullopt;
}

}  // namespace tgt
