// SPDX-License-Identifier: Apache-2.0
#include "device/primary/identity.h"

#include <fmt/format.h>

#include <algorithm>
#include <string_view>
#include <utility>

namespace tgt {
namespace {

constexpr std::size_t longest_id = 36;
constexpr std::uint64_t locally_assigned = 0x3;

// FNV-1a with the finishing steps of MurmurHash3, so that neighbouring LUNs differ in every digit.
std::uint64_t hash(const std::string& text) {
  std::uint64_t value = 0xcbf29ce484222325ull;
  for (const char character : text) {
    value ^= static_cast<unsigned char>(character);
    value *= 0x100000001b3ull;
  }
  value ^= value >> 33;
  value *= 0xff51afd7ed558ccdull;
  value ^= value >> 33;
  value *= 0xc4ceb9fe1a85ec53ull;
  return value ^ (value >> 33);
}

// An absolute URI (RFC 3986): a scheme, a colon, and nothing but visible ASCII.
bool is_url(std::string_view text) {
  constexpr std::size_t longest = 255;
  const auto is_letter = [](char c) { return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z'); };
  const auto is_in_scheme = [&](char c) {
    return is_letter(c) || (c >= '0' && c <= '9') || c == '+' || c == '-' || c == '.';
  };
  const std::size_t colon = text.find(':');
  if (text.size() > longest || colon == std::string_view::npos || colon + 1 == text.size()) return false;
  const bool visible = std::ranges::all_of(text, [](char c) { return c > ' ' && c < 0x7f; });
  return visible && is_letter(text.front()) && std::ranges::all_of(text.substr(0, colon), is_in_scheme);
}

}  // namespace

Identity Identity::of(std::uint32_t target_id, std::uint32_t lun, std::string product, const std::string& target_name) {
  Identity identity;
  identity.product = std::move(product);
  identity.scsi_id = fmt::format("IET     {:04x}{:04x}", target_id, lun);
  identity.serial_number = fmt::format("beaf{}{}", target_id, lun);
  identity.world_wide_seed = fmt::format("{} lun {}", target_name, lun);
  return identity;
}

std::uint64_t Identity::naa_identifier() const {
  if (naa) return *naa;
  return (locally_assigned << 60) | (hash(world_wide_seed) >> 4);
}

Identity::Change Identity::change(const std::string& name, const std::string& value) {
  if (name == "vendor_id") {
    vendor = value.substr(0, 8);
  } else if (name == "product_id") {
    product = value.substr(0, 16);
  } else if (name == "product_rev") {
    revision = value.substr(0, 4);
  } else if (name == "scsi_id") {
    scsi_id = value.substr(0, longest_id);
    world_wide_seed = scsi_id + " " + serial_number;
  } else if (name == "scsi_sn") {
    serial_number = value.substr(0, longest_id);
    world_wide_seed = scsi_id + " " + serial_number;
  } else if (name == "management_url") {
    if (!value.empty() && !is_url(value)) return Change::refused;
    management_url = value;
  } else {
    return Change::not_mine;
  }
  return Change::done;
}

}  // namespace tgt
