// SPDX-License-Identifier: Apache-2.0
#include "cli/tgtadm/option_scanner.h"

#include <fmt/format.h>

#include <algorithm>

#include "base/result.h"

namespace tgt {
namespace {

class Scanner {
 public:
  explicit Scanner(std::span<const std::string> arguments) : rest_(arguments) {}

  ScannedArguments run() {
    while (!rest_.empty() && !found_.fault) {
      const std::string_view argument = take();
      if (argument == "--") {
        found_.words.insert(found_.words.end(), rest_.begin(), rest_.end());
        break;
      }
      if (argument.starts_with("--")) {
        take_long(argument.substr(2));
      } else if (argument.size() > 1 && argument.front() == '-') {
        take_short(argument.substr(1));
      } else {
        found_.words.push_back(argument);
      }
    }
    return std::move(found_);
  }

 private:
  std::string_view take() {
    const std::string_view first = rest_.front();
    rest_ = rest_.subspan(1);
    return first;
  }

  void fail(const std::string& what) { found_.fault = form_fault("tgtadm: " + what); }

  void take_long(std::string_view argument) {
    const std::size_t equals = argument.find('=');
    const std::string_view given = argument.substr(0, equals);
    const auto row = find_long(given);
    if (!row) return fail(row.error());
    if ((*row)->argument == OptionArgument::none) {
      if (equals != std::string_view::npos)
        return fail(fmt::format("option '--{}' doesn't allow an argument", (*row)->name));
      found_.options.push_back({(*row)->option, {}});
      return;
    }
    if (equals != std::string_view::npos) {
      found_.options.push_back({(*row)->option, argument.substr(equals + 1)});
      return;
    }
    if (rest_.empty()) return fail(fmt::format("option '--{}' requires an argument", (*row)->name));
    found_.options.push_back({(*row)->option, take()});
  }

  static Result<const OptionRow*, std::string> find_long(std::string_view given) {
    const auto exact = std::ranges::find(option_table, given, &OptionRow::name);
    if (exact != option_table.end()) return &*exact;
    const OptionRow* match = nullptr;
    std::string possibilities;
    int matches = 0;
    for (const OptionRow& row : option_table) {
      if (row.spelling == OptionSpelling::whole_word || !row.name.starts_with(given)) continue;
      match = &row;
      possibilities += fmt::format(" '--{}'", row.name);
      ++matches;
    }
    if (matches == 0) return failure(fmt::format("unrecognized option '--{}'", given));
    if (matches > 1) return failure(fmt::format("option '--{}' is ambiguous; possibilities:{}", given, possibilities));
    return match;
  }

  void take_short(std::string_view letters) {
    while (!letters.empty()) {
      const char letter = letters.front();
      letters.remove_prefix(1);
      const auto row = std::ranges::find(option_table, letter, &OptionRow::letter);
      if (row == option_table.end()) return fail(fmt::format("invalid option -- '{}'", letter));
      if (row->argument == OptionArgument::none) {
        found_.options.push_back({row->option, {}});
        continue;
      }
      if (letters.empty() && rest_.empty()) return fail(fmt::format("option requires an argument -- '{}'", letter));
      found_.options.push_back({row->option, letters.empty() ? take() : letters});
      return;
    }
  }

  std::span<const std::string> rest_;
  ScannedArguments found_;
};

}  // namespace

ScannedArguments scan_arguments(std::span<const std::string> arguments) { return Scanner(arguments).run(); }

}  // namespace tgt
