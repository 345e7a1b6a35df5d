// SPDX-License-Identifier: Apache-2.0
#include "cli/tgtadm/command_line.h"

#include <gtest/gtest.h>

#include <sstream>
#include <vector>

namespace tgt {
namespace {

Result<std::uint32_t, std::string> no_host(const std::string& bus_and_id) {
  return failure("can't find bus: " + bus_and_id);
}

Result<Command, UsageFault> parse(const std::string& line, const HostLookup& find_host = no_host) {
  std::vector<std::string> arguments;
  std::istringstream words(line);
  for (std::string word; words >> word;) arguments.push_back(word == "''" ? "" : word);
  return parse_command_line(arguments, find_host);
}

// The request a line becomes; a request that equals none when it is refused.
ManagementRequest request(const std::string& line) {
  const auto command = parse(line);
  EXPECT_TRUE(command) << line << ": " << command.error().text;
  if (!command || !std::holds_alternative<SendRequest>(*command)) return {.driver = "not a request", .text = line};
  return std::get<SendRequest>(*command).request;
}

std::string fault_text(const std::string& line) {
  const auto command = parse(line);
  return command ? "accepted" : command.error().text;
}

constexpr std::string_view try_help = "Try `tgtadm --help' for more information.\n";

struct Refused {
  int exit_code;
  const char* line;
  const char* text;
};

void expect_refused(const Refused& refused) {
  const auto command = parse(refused.line);
  ASSERT_FALSE(command) << refused.line;
  EXPECT_EQ(command.error().exit_code, refused.exit_code) << refused.line;
  EXPECT_EQ(command.error().text, refused.text) << refused.line;
}

TEST(CommandLine, RefusesUnknownWordsWithStatusOneWhereTheyStand) {
  expect_refused({1, "--lld iscsi --op show --mode bogus", "tgtadm: unknown mode: bogus\n"});
  expect_refused({1, "--lld iscsi --op bogus --mode target", "tgtadm: unknown operation: bogus\n"});
  expect_refused({1, "--mode bogus --op bogus", "tgtadm: unknown mode: bogus\n"});
  expect_refused({1, "--op bogus --bogus", "tgtadm: unknown operation: bogus\n"});
  expect_refused({1, "stray --op bogus", "tgtadm: unknown operation: bogus\n"});
  expect_refused({1, "--op=", "tgtadm: unknown operation: \n"});
}

TEST(CommandLine, SaysWhatIsMissing) {
  for (const Refused& refused : {
           Refused{22, "", "tgtadm: specify the operation type\n"},
           Refused{22, "--mode target", "tgtadm: specify the operation type\n"},
           Refused{22, "--lld iscsi --op show", "tgtadm: specify the mode\n"},
           Refused{22, "--lld iscsi --op new --mode target -T x", "tgtadm: 'tid' option is necessary\n"},
           Refused{22, "--lld iscsi --op new --mode target --tid 0 -T x", "tgtadm: 'tid' cannot be 0\n"},
           Refused{22, "--op new --mode target --tid 8",
                   "tgtadm: creating new target requires a name, use --targetname\n"},
           Refused{22, "--op new --mode logicalunit --tid 0 --lun 1 -b /x", "tgtadm: 'tid' must not be 0\n"},
           Refused{22, "--op new --mode logicalunit --lun 1 -b /x", "tgtadm: 'tid' option is necessary\n"},
           Refused{22, "--op new --mode logicalunit --tid 1 -b /x", "tgtadm: 'lun' option is necessary\n"},
           Refused{22, "--op new --mode lu --tid 1 --lun 1 -Y pt", "tgtadm: 'backing-store' option is necessary\n"},
           Refused{22, "--op update --mode target --tid 1 -n a",
                   "tgtadm: update operation requires 'name' and 'value' options\n"},
           Refused{22, "--op update --mode sys -v b", "tgtadm: update operation requires 'name' and 'value' options\n"},
           Refused{22, "--op bind --mode target --tid 1",
                   "tgtadm: bind operation requires initiator-address, initiator-name or bus\n"},
           Refused{22, "--op bind --mode target --tid 1 -H 0",
                   "tgtadm: bind operation requires initiator-address, initiator-name or bus\n"},
           Refused{22, "--op new --mode portal", "tgtadm: you must specify --param portal=<portal>\n"},
           Refused{22, "--op new --mode account -u a", "tgtadm: 'user' and 'password' options are required\n"},
           Refused{22, "--op bind --mode account", "tgtadm: 'user' option is necessary\n"},
           Refused{22, "--op delete --mode account", "tgtadm: 'user' option is necessary\n"},
       }) {
    expect_refused(refused);
  }
}

TEST(CommandLine, SaysWhatDoesNotBelongToTheOperation) {
  for (const Refused& refused : {
           Refused{22, "--op show --mode target --tid 1 --sid 1",
                   "tgtadm: target mode: option '-s' is not allowed/supported\n"},
           Refused{22, "--op delete --mode target --tid 1 -T iqn.a",
                   "tgtadm: target mode: option '-T' is not allowed/supported\n"},
           Refused{22, "--op delete --force --mode logicalunit --tid 1 --lun 1",
                   "tgtadm: logicalunit mode: option '-F' is not allowed/supported\n"},
           Refused{22, "--op new --mode lu --tid 1 --lun 1 -b /a -P a=b",
                   "tgtadm: logicalunit mode: option '-P' is not allowed/supported\n"},
           Refused{22, "--op update --mode lu --tid 1 --lun 1 -n a -v b",
                   "tgtadm: option '-n' not supported in logicalunit mode\n"},
           Refused{22, "--op show --mode portal --tid 1", "tgtadm: option '-t' not supported in portal mode\n"},
           Refused{22, "--op new --mode portal --tid 1", "tgtadm: portal mode: option '-t' is not allowed/supported\n"},
           Refused{22, "--op new --mode target --tid 1 -T x -f y -S z",
                   "tgtadm: target mode: option '-f' is not allowed/supported\n"},
           Refused{22, "--op new --mode target --tid 1 -P a=b",
                   "tgtadm: target mode: option '-P' is not allowed/supported\n"},
           Refused{22, "--op show --mode lu --tid 1 --lun 1",
                   "tgtadm: operation show not supported in logicalunit mode\n"},
           Refused{22, "--op start --mode target --tid 1", "tgtadm: operation start not supported in target mode\n"},
           Refused{22, "--op update --mode account -u x", "tgtadm: operation update not supported in account mode\n"},
           Refused{22, "--op new --mode lu --tid 1 --lun 1 -Y bogus -b x", "tgtadm: unknown target type: bogus\n"},
           Refused{22, "--op bind --mode target --tid 1 -B vio,3", "tgtadm: can't find bus: vio,3\n"},
       }) {
    expect_refused(refused);
  }
}

TEST(CommandLine, PointsToTheHelpWhenItsFormIsWrong) {
  const auto form = [](const std::string& line) { return line + "\n" + std::string(try_help); };
  EXPECT_EQ(fault_text("--bogusopt"), form("tgtadm: unrecognized option '--bogusopt'"));
  EXPECT_EQ(fault_text("stray"), form("tgtadm: unrecognized option 'stray'"));
  EXPECT_EQ(fault_text("--op show --mode target -- --tid"), form("tgtadm: unrecognized option '--tid'"));
  EXPECT_EQ(fault_text("--op new --mode target --tid abc -T x"), form("-t argument value 'abc' invalid"));
  EXPECT_EQ(fault_text("--op show --mode target --tid="), form("-t argument value '' invalid"));
  EXPECT_EQ(fault_text("-t 2147483648"), form("-t argument value '2147483648' out of range"));
  EXPECT_EQ(fault_text("--cid 4294967296"), form("-c argument value '4294967296' out of range"));
  EXPECT_EQ(fault_text("-C 65536"), form("-C argument value '65536' out of range"));
  EXPECT_EQ(fault_text("--mode"), form("tgtadm: option '--mode' requires an argument"));
  EXPECT_EQ(fault_text("-t"), form("tgtadm: option requires an argument -- 't'"));
  EXPECT_EQ(fault_text("-x"), form("tgtadm: invalid option -- 'x'"));
  EXPECT_EQ(fault_text("--force=1"), form("tgtadm: option '--force' doesn't allow an argument"));
  EXPECT_EQ(fault_text("--t 1"), form("tgtadm: option '--t' is ambiguous; possibilities: '--tid' '--targetname'"));
  EXPECT_EQ(fault_text("--h"), form("tgtadm: option '--h' is ambiguous; possibilities: '--help' '--host'"));
}

TEST(CommandLine, ShowsHelpOrVersionBeforeAnythingBehindIt) {
  EXPECT_TRUE(std::holds_alternative<ShowHelp>(parse("--help --bogus").value()));
  EXPECT_TRUE(std::holds_alternative<ShowVersion>(parse("--op show -dV").value()));
  EXPECT_FALSE(parse("--bogus --help"));
}

TEST(CommandLine, TakesOptionsInAnyOrderAndSpelling) {
  const ManagementRequest wanted{.mode = ManagementMode::target,
                                 .operation = ManagementOperation::create,
                                 .driver = "iscsi",
                                 .target_id = 1,
                                 .text = "targetname=iqn.a:1"};
  EXPECT_EQ(request("--lld iscsi --op new --mode target --tid 1 -T iqn.a:1"), wanted);
  EXPECT_EQ(request("-T iqn.a:1 --tid=1 --mode=tgt --op=new --lld=iscsi"), wanted);
  EXPECT_EQ(request("-Tiqn.a:1 -t1 -mtarget -onew -Liscsi"), wanted);
  EXPECT_EQ(request("--target iqn.a:1 --ti 0x1: --mod target --op new --ll iscsi"), wanted) << "unique prefixes";
  EXPECT_EQ(request("--op show --op new --tid 7 --tid 1 -d -Liscsi -m target -T iqn.a:1"), wanted)
      << "the last one counts";
}

TEST(CommandLine, TakesParamsBeforeAndBehindTheMode) {
  for (const char* line :
       {"--param portal=127.0.0.1:1 --op new --mode portal", "--op new --mode portal --params portal=127.0.0.1:1"}) {
    EXPECT_EQ(request(line).text, "portalOps portal=127.0.0.1:1,") << line;
  }
  EXPECT_EQ(request("--params a=b,c=d --op update --mode lu --tid 1 --lun 1").text, "targetOps a=b,c=d,");
  EXPECT_EQ(request("--op update --mode lu --tid 1 --lun 1 --params ,scsi_id=x,").text, "targetOps ,scsi_id=x,,");
}

TEST(CommandLine, AllowsAnUpdateOfAUnitWithoutParams) {
  EXPECT_EQ(request("--op update --mode logicalunit --tid 1 --lun 1"),
            (ManagementRequest{.mode = ManagementMode::logical_unit,
                               .operation = ManagementOperation::update,
                               .target_id = 1,
                               .logical_unit_number = 1}));
}

TEST(CommandLine, JoinsTheTextInTheOrderThatDaemonsExpect) {
  EXPECT_EQ(request("-y 4096 -f sync -S a=b;c -E rdwr -b /a --op new --mode lu --tid 1 --lun 0").text,
            "path=/a,bstype=rdwr,bsopts=a=b;c,bsoflags=sync,blocksize=4096");
  EXPECT_EQ(request("-p b,c -u a --op new --mode account").text, "user=a,password=b,c");
  EXPECT_EQ(request("--op bind --mode target --tid 1 -Q iqn.b -I ALL").text,
            "initiator-address=ALL,initiator-name=iqn.b");
  EXPECT_EQ(request("--op update --mode target --tid 1 --value CRC32C,None --name HeaderDigest").text,
            "HeaderDigest=CRC32C,None");
}

TEST(CommandLine, GivesATapeItsOwnStoreType) {
  const ManagementRequest tape = request("--op new --mode lu --tid 1 --lun 1 -Y tape -E rdwr -b x");
  EXPECT_EQ(tape.text, "path=x,bstype=ssc");
  EXPECT_EQ(tape.device_type, 1u);
}

TEST(CommandLine, PutsNumbersWhereTheyBelong) {
  EXPECT_EQ(request("--op delete --mode conn --tid 2147483647 --sid 99 --cid 4294967295 --force"),
            (ManagementRequest{.mode = ManagementMode::connection,
                               .operation = ManagementOperation::remove,
                               .target_id = 2147483647,
                               .session_id = 99,
                               .connection_id = 4294967295,
                               .force = true}));
  EXPECT_EQ(request("--op show --mode target --tid 0").target_id, 0);
  EXPECT_EQ(request("--op show --mode target").target_id, std::nullopt);
  EXPECT_EQ(std::get<SendRequest>(parse("-C 5 --op show --mode target").value()).control_port, 5);
}

TEST(CommandLine, FindsTheHostOfABus) {
  const auto command = parse("--op bind --mode target --tid 1 -B vio,30000003",
                             [](const std::string&) -> Result<std::uint32_t, std::string> { return 4u; });
  EXPECT_EQ(std::get<SendRequest>(command.value()).request.host_number, 4u);
}

TEST(CommandLine, RefusesARequestThatIsTooLong) {
  EXPECT_EQ(fault_text("--op new --mode target --tid 1 -T " + std::string(9000, 'x')),
            "tgtadm: the request is too long\n");
}

TEST(CommandLine, TakesTheFourCommandsOfTheFirstRelease) {
  EXPECT_EQ(request("--lld iscsi --op new --mode target --tid 1 --params iqn.2001-04.com.example:disk1").text,
            "targetname=iqn.2001-04.com.example:disk1");
  EXPECT_EQ(request("--lld iscsi --op update --mode target --tid 1 --name iotype --value rawio").text, "iotype=rawio");
  const ManagementRequest unit =
      request("--lld iscsi --op new --mode logicalunit --tid 1 --lun 0 --params Path=/dev/sda");
  EXPECT_EQ(unit.text, "path=/dev/sda");
  EXPECT_EQ(unit.logical_unit_number, 0u);
  EXPECT_EQ(unit.device_type, 0u);
  EXPECT_EQ(request("--lld iscsi --op update --mode target --tid 1 --name state --value running").text,
            "state=running");
}

TEST(CommandLine, TakesTheTypeThatStoodBesideThePath) {
  const ManagementRequest raw = request("--op new --mode lu --tid 1 --lun 2 --params Path=/dev/sda,Type=rawio");
  EXPECT_EQ(raw.text, "path=/dev/sda,bstype=sg");
  EXPECT_EQ(raw.device_type, 0xffu);
  EXPECT_EQ(request("--op new --mode lu --tid 1 --lun 2 --params Type=cd,Path=/a.iso").device_type, 5u);
  EXPECT_EQ(fault_text("--op new --mode lu --tid 1 --lun 2 --params Path=/a,Type=zip"),
            "tgtadm: unknown target type: zip\n");
}

TEST(CommandLine, TakesTheStoreTypeOfATarget) {
  EXPECT_EQ(request("--op new --mode target --tid 1 --backing-store-type raw -T iqn.x").text,
            "targetname=iqn.x,iotype=rawio");
  EXPECT_EQ(request("--op new --mode target --tid 1 --target-type disk -T iqn.x").text,
            "targetname=iqn.x,iotype=fileio");
  const ManagementRequest unit = request("--op new --mode lu --tid 1 --lun 1 --backing-store-type raw -b /dev/sdb");
  EXPECT_EQ(unit.text, "path=/dev/sdb,bstype=sg");
  EXPECT_EQ(unit.device_type, 0xffu);
}

TEST(CommandLine, KeepsThePrefixesOfTodayDespiteTheOptionsOfThePast) {
  EXPECT_EQ(request("--back /x --op new --mode lu --tid 1 --lun 1").text, "path=/x");
  EXPECT_EQ(request("--target iqn.x --op new --mode target --tid 1").text, "targetname=iqn.x");
  EXPECT_EQ(request("--hos 3 --op bind --mode target --tid 1").host_number, 3u);
  EXPECT_EQ(request("--hostno 3 --op bind --mode target --tid 1").host_number, 3u);
}

TEST(CommandLine, TakesAccountsAsParams) {
  EXPECT_EQ(request("--op new --mode account --params IncomingUser=u,Password=p").text, "user=u,password=p");
  EXPECT_TRUE(request("--op bind --mode account --tid 1 --params OutgoingUser=u").outgoing);
}

}  // namespace
}  // namespace tgt
