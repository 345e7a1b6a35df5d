// SPDX-License-Identifier: Apache-2.0
#include "daemon/options.h"

#include <gtest/gtest.h>

namespace tgt {
namespace {

Result<DaemonOptions, ProgramEnd> parse(std::vector<const char*> arguments) {
  arguments.insert(arguments.begin(), "tgtd");
  return parse_daemon_options(static_cast<int>(arguments.size()), arguments.data());
}

TEST(DaemonOptions, TheHistoricOptionsAreUnderstood) {
  const auto options = parse({"-f", "-d", "1", "-C", "3", "-t", "8", "-p", "/run/tgtd.pid", "--iscsi",
                              "portal=127.0.0.1:13260,nop_interval=1,nop_count=3"});
  ASSERT_TRUE(options.has_value()) << options.error().text;
  EXPECT_TRUE(options->foreground);
  EXPECT_TRUE(options->debug);
  EXPECT_EQ(options->control_port, 3);
  EXPECT_EQ(options->process_id_file, "/run/tgtd.pid");
  EXPECT_EQ(options->portals, std::vector<std::string>{"127.0.0.1:13260"});
  EXPECT_EQ(options->nop_interval_seconds, 1u);
  EXPECT_EQ(options->nop_count, 3u);
}

TEST(DaemonOptions, SeveralPortalsMayStandInOneOptionOrInSeveral) {
  const auto options = parse({"--iscsi", "portal=127.0.0.1,portal=[::1]:3261", "--iscsi", "portal=[::1]:3262"});
  ASSERT_TRUE(options.has_value());
  EXPECT_EQ(options->portals, (std::vector<std::string>{"127.0.0.1", "[::1]:3261", "[::1]:3262"}));
}

TEST(DaemonOptions, AFaultNamesTheOptionAndItsValue) {
  for (const char* bad : {"portal=nowhere:1", "portal=", "colour=red", "nop_interval=x"}) {
    const auto options = parse({"--iscsi", bad});
    ASSERT_FALSE(options.has_value()) << bad;
    EXPECT_EQ(options.error().status, 1);
    EXPECT_NE(options.error().text.find(bad), std::string::npos) << options.error().text;
  }
}

TEST(DaemonOptions, UnknownOptionsAndStrayWordsAreRefused) {
  EXPECT_EQ(parse({"--bogus"}).error().status, 1);
  EXPECT_EQ(parse({"stray"}).error().status, 1);
  EXPECT_EQ(parse({"--shards", "0"}).error().status, 1);
  EXPECT_EQ(parse({"--backend", "select"}).error().status, 1);
}

TEST(DaemonOptions, MemoryIsEnoughForTheLargestCommand) {
  EXPECT_EQ(parse({"--buffer-memory", "47"}).error().status, 1);
  EXPECT_EQ(parse({"--buffer-memory", "48"})->reactor.buffer_limit, std::size_t{48} << 20);
}

TEST(DaemonOptions, HelpAndVersionEndWell) {
  EXPECT_EQ(parse({"--help"}).error().status, 0);
  const auto version = parse({"--version"});
  EXPECT_EQ(version.error().status, 0);
  EXPECT_EQ(version.error().text, TGT_VERSION "\n");
}

}  // namespace
}  // namespace tgt
