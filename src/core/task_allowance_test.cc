// SPDX-License-Identifier: Apache-2.0
#include "core/task_allowance.h"

#include <gtest/gtest.h>

#include <vector>

namespace tgt {
namespace {

unsigned take_all(TaskAllowance& allowance, TaskAllowance::Stock& stock, std::uint32_t limit) {
  unsigned taken = 0;
  while (taken <= limit && allowance.take(stock, [limit] { return limit; })) ++taken;
  return taken;
}

TEST(TaskAllowance, OneShardMayUseTheWholeLimit) {
  for (const std::uint32_t limit : {1u, 7u, 64u, 4096u}) {
    TaskAllowance allowance(1);
    TaskAllowance::Stock stock;
    EXPECT_EQ(take_all(allowance, stock, limit), limit);
    for (unsigned i = 0; i < limit; ++i) allowance.give_back(stock);
    EXPECT_EQ(take_all(allowance, stock, limit), limit);
  }
}

TEST(TaskAllowance, ASmallLimitIsExactOverAllShards) {
  TaskAllowance allowance(4);
  std::vector<TaskAllowance::Stock> stocks(4);
  EXPECT_EQ(take_all(allowance, stocks[0], 32), 32u);
  EXPECT_EQ(take_all(allowance, stocks[1], 32), 0u);
  allowance.give_back(stocks[0]);
  EXPECT_EQ(take_all(allowance, stocks[1], 32), 1u);
}

TEST(TaskAllowance, ALargeLimitIsNeverExceededAndNearlyReached) {
  constexpr std::uint32_t limit = 4096;
  TaskAllowance allowance(8);
  std::vector<TaskAllowance::Stock> stocks(8);
  for (auto& stock : stocks) {
    for (int i = 0; i < 3; ++i) ASSERT_TRUE(allowance.take(stock, [] { return limit; }));
    for (int i = 0; i < 3; ++i) allowance.give_back(stock);
  }
  const unsigned taken = take_all(allowance, stocks[0], limit);
  EXPECT_LE(taken, limit);
  EXPECT_GE(taken, limit - 7 * 64);
}

TEST(TaskAllowance, AZeroLimitStillLetsOneTaskThrough) {
  TaskAllowance allowance(2);
  TaskAllowance::Stock stock;
  EXPECT_TRUE(allowance.take(stock, [] { return 0u; }));
  EXPECT_FALSE(allowance.take(stock, [] { return 0u; }));
}

}  // namespace
}  // namespace tgt
