// SPDX-License-Identifier: Apache-2.0
#include "control/management_words.h"

#include <gtest/gtest.h>

namespace tgt {
namespace {

TEST(ManagementWords, AreThereForEveryModeAndOperation) {
  for (std::uint32_t i = 0; i < management_mode_count; ++i) {
    const auto mode = static_cast<ManagementMode>(i);
    EXPECT_EQ(mode_named(word_for(mode)), mode) << i;
  }
  for (std::uint32_t i = 0; i < management_operation_count; ++i) {
    const auto operation = static_cast<ManagementOperation>(i);
    EXPECT_EQ(operation_named(word_for(operation)), operation) << i;
  }
}

TEST(ManagementWords, HaveTheShortFormsOfTheCommandLine) {
  EXPECT_EQ(mode_named("sys"), ManagementMode::system);
  EXPECT_EQ(mode_named("tgt"), ManagementMode::target);
  EXPECT_EQ(mode_named("lu"), ManagementMode::logical_unit);
  EXPECT_EQ(mode_named("pt"), ManagementMode::portal);
  EXPECT_EQ(mode_named("sess"), ManagementMode::session);
  EXPECT_EQ(mode_named("conn"), ManagementMode::connection);
}

TEST(ManagementWords, AreExact) {
  for (const char* word : {"", "Target", "targets", "targe"}) EXPECT_EQ(mode_named(word), std::nullopt) << word;
  for (const char* word : {"", "SHOW", "sho", "shows"}) EXPECT_EQ(operation_named(word), std::nullopt) << word;
}

}  // namespace
}  // namespace tgt
