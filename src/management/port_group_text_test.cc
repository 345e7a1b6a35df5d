// SPDX-License-Identifier: Apache-2.0
#include "management/port_group_text.h"

#include <gmock/gmock.h>

namespace tgt {
namespace {

using State = AsymmetricAccessState;
using testing::ElementsAre;
using testing::HasSubstr;

const std::vector<std::uint16_t> ports{1, 2, 3};

TEST(PortGroupText, WhatIsNotSaidIsAnActiveGroupOfAllPorts) {
  const auto change = parse_port_group("7", ports);
  ASSERT_TRUE(change.has_value());
  EXPECT_FALSE(change->removed);
  EXPECT_EQ(change->group.id, 7);
  EXPECT_EQ(change->group.state, State::active_optimized);
  EXPECT_FALSE(change->group.preferred);
  EXPECT_THAT(change->group.ports, ElementsAre(1, 2, 3));
}

TEST(PortGroupText, EverythingCanBeSaid) {
  const auto change = parse_port_group("65535:state=active/non-optimized:preferred=1:ports=3+1", ports);
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->group.id, 65535);
  EXPECT_EQ(change->group.state, State::active_non_optimized);
  EXPECT_TRUE(change->group.preferred);
  EXPECT_THAT(change->group.ports, ElementsAre(1, 3));
  EXPECT_TRUE(parse_port_group("1:remove", ports)->removed);
}

TEST(PortGroupText, IsWrittenAsItIsRead) {
  for (const char* text :
       {"1:state=active/optimized:preferred=0:ports=1", "9:state=transitioning:preferred=1:ports=2+3"}) {
    EXPECT_EQ(port_group_text(parse_port_group(text, ports)->group), text);
  }
}

TEST(PortGroupText, WhatIsNotUnderstoodIsNamed) {
  for (const char* bad : {"", "0", "65536", "x", "-1"}) EXPECT_FALSE(parse_port_group(bad, ports).has_value()) << bad;
  for (const char* bad :
       {"state=asleep", "state", "preferred=2", "ports=", "ports=0", "ports=1+1", "ports=1+", "colour=1"}) {
    const auto change = parse_port_group(std::string("1:") + bad, ports);
    ASSERT_FALSE(change.has_value()) << bad;
    EXPECT_THAT(change.error(), HasSubstr(bad));
  }
}

}  // namespace
}  // namespace tgt
