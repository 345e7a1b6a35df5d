// SPDX-License-Identifier: Apache-2.0
#include "cli/tgtadm/password_places.h"

#include <functional>
#include <string_view>

#include "cli/tgtadm/option_scanner.h"

namespace tgt {
namespace {

constexpr std::string_view legacy_password = "Password=";  // an item of --params, see legacy_forms.h

// The part of an option's value that is a password; empty when none is.
std::string_view password_of(const ScannedOption& option) {
  if (option.option == Option::password) return option.value;
  if (option.option != Option::params) return {};
  const std::size_t start = option.value.find(legacy_password);
  if (start == std::string_view::npos) return {};
  const std::string_view rest = option.value.substr(start + legacy_password.size());
  return rest.substr(0, rest.find(','));
}

}  // namespace

std::vector<ArgumentPart> find_passwords(std::span<const std::string> arguments) {
  std::vector<ArgumentPart> places;
  for (const ScannedOption& option : scan_arguments(arguments).options) {
    const std::string_view password = password_of(option);
    if (password.empty()) continue;
    for (std::size_t i = 0; i < arguments.size(); ++i) {
      const std::string& argument = arguments[i];
      const bool inside = std::greater_equal<>{}(password.data(), argument.data()) &&
                          std::less<>{}(password.data(), argument.data() + argument.size());
      if (inside) places.push_back({i, static_cast<std::size_t>(password.data() - argument.data()), password.size()});
    }
  }
  return places;
}

}  // namespace tgt
