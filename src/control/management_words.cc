// SPDX-License-Identifier: Apache-2.0
#include "control/management_words.h"

#include <array>
#include <cstddef>
#include <utility>

namespace tgt {
namespace {

template <class T>
using Word = std::pair<std::string_view, T>;

constexpr std::array mode_words{
    Word<ManagementMode>{"system", ManagementMode::system},
    Word<ManagementMode>{"sys", ManagementMode::system},
    Word<ManagementMode>{"target", ManagementMode::target},
    Word<ManagementMode>{"tgt", ManagementMode::target},
    Word<ManagementMode>{"logicalunit", ManagementMode::logical_unit},
    Word<ManagementMode>{"lu", ManagementMode::logical_unit},
    Word<ManagementMode>{"portal", ManagementMode::portal},
    Word<ManagementMode>{"pt", ManagementMode::portal},
    Word<ManagementMode>{"session", ManagementMode::session},
    Word<ManagementMode>{"sess", ManagementMode::session},
    Word<ManagementMode>{"connection", ManagementMode::connection},
    Word<ManagementMode>{"conn", ManagementMode::connection},
    Word<ManagementMode>{"account", ManagementMode::account},
    Word<ManagementMode>{"lld", ManagementMode::driver},
};

constexpr std::array operation_words{
    Word<ManagementOperation>{"new", ManagementOperation::create},
    Word<ManagementOperation>{"delete", ManagementOperation::remove},
    Word<ManagementOperation>{"show", ManagementOperation::show},
    Word<ManagementOperation>{"bind", ManagementOperation::bind},
    Word<ManagementOperation>{"unbind", ManagementOperation::unbind},
    Word<ManagementOperation>{"update", ManagementOperation::update},
    Word<ManagementOperation>{"stat", ManagementOperation::stat},
    Word<ManagementOperation>{"start", ManagementOperation::start},
    Word<ManagementOperation>{"stop", ManagementOperation::stop},
};

template <class T, std::size_t Size>
std::optional<T> find_value(const std::array<Word<T>, Size>& words, std::string_view wanted) {
  for (const auto& [word, value] : words) {
    if (word == wanted) return value;
  }
  return std::nullopt;
}

template <class T, std::size_t Size>
std::string_view find_word(const std::array<Word<T>, Size>& words, T wanted) {
  for (const auto& [word, value] : words) {
    if (value == wanted) return word;
  }
  return "unknown";
}

}  // namespace

std::optional<ManagementMode> mode_named(std::string_view word) { return find_value(mode_words, word); }

std::optional<ManagementOperation> operation_named(std::string_view word) { return find_value(operation_words, word); }

std::string_view word_for(ManagementMode mode) { return find_word(mode_words, mode); }

std::string_view word_for(ManagementOperation operation) { return find_word(operation_words, operation); }

}  // namespace tgt
