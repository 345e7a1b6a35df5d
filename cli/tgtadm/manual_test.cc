// SPDX-License-Identifier: Apache-2.0
// The manual, the summary and the program speak of the same options.
#include <fmt/format.h>
#include <gtest/gtest.h>

#include <algorithm>
#include <fstream>
#include <set>
#include <sstream>
#include <string>

#include "cli/tgtadm/help_text.h"
#include "cli/tgtadm/option_table.h"
#include "control/management_words.h"

namespace tgt {
namespace {

std::string manual() {
  std::ifstream file(TGT_MANUAL);
  std::ostringstream text;
  text << file.rdbuf();
  return text.str();
}

// Every long option that a text speaks of, without its dashes.
std::set<std::string> options_in(const std::string& text) {
  constexpr std::string_view letters = "abcdefghijklmnopqrstuvwxyz-";
  std::set<std::string> options;
  for (std::size_t at = text.find("--"); at != std::string::npos; at = text.find("--", at + 2)) {
    const std::size_t end = std::min(text.find_first_not_of(letters, at + 2), text.size());
    if (end > at + 2) options.insert(text.substr(at + 2, end - at - 2));
  }
  return options;
}

std::set<std::string> options_of_the_program() {
  std::set<std::string> options;
  for (const OptionRow& row : option_table) options.insert(std::string(row.name));
  return options;
}

TEST(Manual, SpeaksOfTheOptionsOfTheProgramAndNoOthers) { EXPECT_EQ(options_in(manual()), options_of_the_program()); }

TEST(Manual, ExplainsEachOptionOfTodayWithItsLetter) {
  const std::string text = manual();
  for (const OptionRow& row : option_table) {
    if (row.spelling == OptionSpelling::whole_word) continue;
    EXPECT_NE(text.find(fmt::format("\n*-{}, --{}*", row.letter, row.name)), std::string::npos) << row.name;
  }
}

TEST(Manual, NamesEveryModeAndOperation) {
  const std::string text = manual();
  for (std::uint32_t i = 0; i < management_mode_count; ++i) {
    const auto word = word_for(static_cast<ManagementMode>(i));
    EXPECT_NE(text.find(fmt::format("\n## {}\n", word)), std::string::npos) << word;
  }
  for (std::uint32_t i = 0; i < management_operation_count; ++i) {
    const auto word = word_for(static_cast<ManagementOperation>(i));
    EXPECT_NE(text.find(fmt::format("*{}*", word)), std::string::npos) << word;
  }
}

TEST(Summary, SpeaksOfOptionsOfTheProgramOnly) {
  const auto known = options_of_the_program();
  for (const std::string& option : options_in(help_text("0"))) EXPECT_TRUE(known.contains(option)) << option;
}

TEST(Summary, BeginsWithTheVersion) {
  EXPECT_TRUE(
      help_text("1.2.3").starts_with("SCSI target administration utility, version 1.2.3\n\nUsage: tgtadm [OPTION]\n"));
}

}  // namespace
}  // namespace tgt
