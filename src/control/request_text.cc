// SPDX-License-Identifier: Apache-2.0
#include "control/request_text.h"

#include <algorithm>
#include <array>
#include <ranges>

namespace tgt {
namespace {

constexpr std::string_view password_name = "password";
constexpr std::array<std::string_view, 11> field_names{
    "path",           "bstype", "bsopts",     "bsoflags", "blocksize", "targetname", "iotype", "initiator-address",
    "initiator-name", "user",   password_name};

// The name of the field that begins here; empty when none does.
std::string_view field_name_at(std::string_view text) {
  for (const std::string_view name : field_names) {
    if (text.starts_with(name) && text.substr(name.size()).starts_with('=')) return name;
  }
  return {};
}

// Where the next field begins behind a comma, from `start` on; npos when none does.
std::size_t next_field(std::string_view text, std::size_t start) {
  for (std::size_t comma = text.find(',', start); comma != std::string_view::npos; comma = text.find(',', comma + 1)) {
    if (!field_name_at(text.substr(comma + 1)).empty()) return comma + 1;
  }
  return std::string_view::npos;
}

Parameter split_item(std::string_view item) {
  const std::size_t equals = item.find('=');
  if (equals == std::string_view::npos) return {std::string(item), {}};
  return {std::string(item.substr(0, equals)), std::string(item.substr(equals + 1))};
}

}  // namespace

RequestFields::RequestFields(std::string_view text) {
  std::size_t start = field_name_at(text).empty() ? next_field(text, 0) : 0;
  while (start != std::string_view::npos) {
    const std::string_view name = field_name_at(text.substr(start));
    const std::size_t value = start + name.size() + 1;
    const std::size_t next = name == password_name ? std::string_view::npos : next_field(text, value);
    const std::size_t end = next == std::string_view::npos ? text.size() : next - 1;
    fields_.push_back({std::string(name), std::string(text.substr(value, end - value))});
    start = next;
  }
}

std::optional<std::string> RequestFields::find(std::string_view name) const {
  for (const Parameter& field : std::views::reverse(fields_)) {
    if (field.name == name) return field.value;
  }
  return std::nullopt;
}

std::optional<Parameter> parse_assignment(std::string_view text) {
  const std::size_t equals = text.find('=');
  if (equals == std::string_view::npos || equals == 0) return std::nullopt;
  return split_item(text);
}

std::vector<Parameter> parse_parameters(std::string_view text, std::string_view keyword) {
  std::vector<Parameter> parameters;
  const std::size_t found = text.find(keyword);
  if (found == std::string_view::npos) return parameters;
  text.remove_prefix(std::min(found + keyword.size() + 1, text.size()));
  while (!text.empty()) {
    const std::string_view item = text.substr(0, text.find(','));
    text.remove_prefix(std::min(item.size() + 1, text.size()));
    if (!item.empty()) parameters.push_back(split_item(item));
  }
  return parameters;
}

}  // namespace tgt
