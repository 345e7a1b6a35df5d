// SPDX-License-Identifier: Apache-2.0
#include "control/request_text.h"

#include <gtest/gtest.h>

namespace tgt {
namespace {

using Parameters = std::vector<Parameter>;

TEST(RequestFields, FindsEveryField) {
  const RequestFields fields("path=/a,bstype=rdwr,bsopts=x=1;y=2,bsoflags=sync,blocksize=4096");
  EXPECT_EQ(fields.find("path"), "/a");
  EXPECT_EQ(fields.find("bstype"), "rdwr");
  EXPECT_EQ(fields.find("bsopts"), "x=1;y=2");
  EXPECT_EQ(fields.find("bsoflags"), "sync");
  EXPECT_EQ(fields.find("blocksize"), "4096");
  EXPECT_EQ(fields.find("targetname"), std::nullopt);
}

TEST(RequestFields, KeepsCommasThatBeginNoField) {
  const RequestFields fields("path=/srv/a,b=c.img,bstype=rdwr");
  EXPECT_EQ(fields.find("path"), "/srv/a,b=c.img");
  EXPECT_EQ(fields.find("bstype"), "rdwr");
}

TEST(RequestFields, TakesAllThatFollowsAsThePassword) {
  const RequestFields fields("user=u,password=a,b,user=x");
  EXPECT_EQ(fields.find("user"), "u");
  EXPECT_EQ(fields.find("password"), "a,b,user=x");
}

TEST(RequestFields, TellsAddressFromName) {
  const RequestFields fields("initiator-address=10.0.0.1,initiator-name=iqn.a");
  EXPECT_EQ(fields.find("initiator-address"), "10.0.0.1");
  EXPECT_EQ(fields.find("initiator-name"), "iqn.a");
}

TEST(RequestFields, SkipsWhatStandsBeforeTheFirstField) {
  EXPECT_EQ(RequestFields("a=b,user=u").find("user"), "u");
  EXPECT_EQ(RequestFields("xuser=u").find("user"), std::nullopt);
}

TEST(RequestFields, TakesTheLastOfTwo) { EXPECT_EQ(RequestFields("user=a,user=b").find("user"), "b"); }

TEST(RequestFields, TakesAnyText) {
  for (const char* text : {"", ",", "=", ",,,", "path", "path=", "path=,", "user=,password=", ",path="}) {
    const RequestFields fields(text);
    EXPECT_EQ(fields.find("bstype"), std::nullopt) << text;
  }
  EXPECT_EQ(RequestFields("path=").find("path"), "");
  EXPECT_EQ(RequestFields("user=,password=").find("password"), "");
}

TEST(Assignment, IsTheWholeText) {
  EXPECT_EQ(parse_assignment("HeaderDigest=CRC32C,None"), (Parameter{"HeaderDigest", "CRC32C,None"}));
  EXPECT_EQ(parse_assignment("a=b=c"), (Parameter{"a", "b=c"}));
  EXPECT_EQ(parse_assignment("a="), (Parameter{"a", ""}));
}

TEST(Assignment, NeedsANameAndAnEqualsSign) {
  for (const char* text : {"", "a", "=", "=b"}) EXPECT_EQ(parse_assignment(text), std::nullopt) << text;
}

TEST(Parameters, SkipEmptyItems) {
  EXPECT_EQ(parse_parameters("targetOps ,scsi_id=p_lu1,scsi_sn=abcd,,", "targetOps"),
            (Parameters{{"scsi_id", "p_lu1"}, {"scsi_sn", "abcd"}}));
  EXPECT_EQ(parse_parameters("targetOps ,", "targetOps"), Parameters{});
}

TEST(Parameters, MayLackAValueOrAKeyword) {
  EXPECT_EQ(parse_parameters("targetOps dump,", "targetOps"), (Parameters{{"dump", ""}}));
  for (const char* text : {"", "targetOps", "targetOps ", "portalOps a=b,"}) {
    EXPECT_EQ(parse_parameters(text, "targetOps"), Parameters{}) << text;
  }
}

}  // namespace
}  // namespace tgt
