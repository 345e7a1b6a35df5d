// SPDX-License-Identifier: Apache-2.0
#include "management/port_group_text.h"

#include <gmock/gmock.h>

namespace tgt {
namespace {

using State = AsymmetricAccessState;
using testing::ElementsAre;
using testing::HasSubstr;

Result<PortGroupChange, std::string> parse(std::string_view text, const std::vector<TargetPortGroup>& groups = {}) {
  return parse_port_group(text, {1, 2, 3}, groups);
}

TEST(PortGroupText, WhatIsNotSaidIsAnActiveGroupOfAllPorts) {
  const auto change = parse("7");
  ASSERT_TRUE(change.has_value());
  EXPECT_FALSE(change->removed);
  EXPECT_EQ(change->group.id, 7);
  EXPECT_EQ(change->group.state, State::active_optimized);
  EXPECT_FALSE(change->group.preferred);
  EXPECT_THAT(change->group.ports, ElementsAre(1, 2, 3));
}

TEST(PortGroupText, EverythingCanBeSaid) {
  const auto change = parse("65535:state=active/non-optimized:preferred=1:ports=3+1");
  ASSERT_TRUE(change.has_value());
  EXPECT_EQ(change->group.id, 65535);
  EXPECT_EQ(change->group.state, State::active_non_optimized);
  EXPECT_TRUE(change->group.preferred);
  EXPECT_THAT(change->group.ports, ElementsAre(1, 3));
  EXPECT_TRUE(parse("1:remove")->removed);
}

TEST(PortGroupText, WhatIsNotSaidOfAGroupThatIsThereStaysAsItIs) {
  const std::vector<TargetPortGroup> groups{{.id = 1, .ports = {3}},
                                            {.id = 2, .state = State::standby, .preferred = true, .ports = {1, 9}}};
  EXPECT_EQ(port_group_text(parse("2:state=offline", groups)->group), "2:state=offline:preferred=1:ports=1+9");
  EXPECT_EQ(port_group_text(parse("2:ports=2", groups)->group), "2:state=standby:preferred=1:ports=2");
  EXPECT_EQ(port_group_text(parse("2:preferred=0", groups)->group), "2:state=standby:preferred=0:ports=1+9");
  EXPECT_EQ(parse("2:state=offline", groups)->group.change, AsymmetricAccessChange::set_by_target);
}

TEST(PortGroupText, IsWrittenAsItIsRead) {
  for (const char* text :
       {"1:state=active/optimized:preferred=0:ports=1", "9:state=transitioning:preferred=1:ports=2+3"}) {
    EXPECT_EQ(port_group_text(parse(text)->group), text);
  }
}

TEST(PortGroupText, WhatIsNotUnderstoodIsNamed) {
  for (const char* bad : {"", "0", "65536", "x", "-1"}) EXPECT_FALSE(parse(bad).has_value()) << bad;
  for (const char* bad :
       {"state=asleep", "state", "preferred=2", "ports=", "ports=0", "ports=1+1", "ports=1+", "colour=1"}) {
    const auto change = parse(std::string("1:") + bad);
    ASSERT_FALSE(change.has_value()) << bad;
    EXPECT_THAT(change.error(), HasSubstr(bad));
  }
}

}  // namespace
}  // namespace tgt
