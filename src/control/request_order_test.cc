// SPDX-License-Identifier: Apache-2.0
#include "control/request_order.h"

#include <gtest/gtest.h>

#include <string>
#include <vector>

namespace tgt {
namespace {

struct Log {
  std::vector<std::string> lines;
  Event may_end[4];
};

Task<void> request(RequestOrder& order, std::int64_t key, int number, Log& log) {
  auto turn = co_await order.wait(key);
  log.lines.push_back("begin " + std::to_string(number));
  co_await log.may_end[number].wait();
  log.lines.push_back("end " + std::to_string(number));
}

using Lines = std::vector<std::string>;

TEST(RequestOrder, LetsOneAfterTheOtherPassInTheOrderTheyCame) {
  RequestOrder order;
  Log log;
  for (int number = 0; number < 3; ++number) spawn(request(order, 7, number, log));
  EXPECT_EQ(log.lines, Lines{"begin 0"});
  log.may_end[2].set();
  log.may_end[0].set();
  EXPECT_EQ(log.lines, (Lines{"begin 0", "end 0", "begin 1"}));
  log.may_end[1].set();
  EXPECT_EQ(log.lines, (Lines{"begin 0", "end 0", "begin 1", "end 1", "begin 2", "end 2"}));
}

TEST(RequestOrder, HoldsBackNobodyOfAnotherKey) {
  RequestOrder order;
  Log log;
  spawn(request(order, 1, 0, log));
  spawn(request(order, 2, 1, log));
  EXPECT_EQ(log.lines, (Lines{"begin 0", "begin 1"}));
  log.may_end[0].set();
  log.may_end[1].set();
}

TEST(RequestOrder, IsFreeAgainAfterTheLast) {
  RequestOrder order;
  Log log;
  spawn(request(order, 1, 0, log));
  log.may_end[0].set();
  spawn(request(order, 1, 1, log));
  EXPECT_EQ(log.lines, (Lines{"begin 0", "end 0", "begin 1"}));
  log.may_end[1].set();
}

}  // namespace
}  // namespace tgt
