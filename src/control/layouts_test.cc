// SPDX-License-Identifier: Apache-2.0
#include "control/layouts.h"

#include <gtest/gtest.h>

namespace tgt {
namespace {

LogicalUnitView controller(const std::string& id, const std::string& serial_number) {
  return {.number = 0, .type = "controller", .scsi_id = id, .scsi_serial_number = serial_number};
}

LogicalUnitView disk() {
  return {.number = 1,
          .type = "disk",
          .scsi_id = "p_lu1",
          .scsi_serial_number = "abcd1234",
          .size = std::uint64_t{64} << 20,
          .block_size = 512,
          .thin_provisioning = true,
          .store_type = "rdwr",
          .store_path = "/srv/run/disk1.img"};
}

constexpr std::string_view two_targets = R"(Target 1: iqn.2001-04.com.example:t1
    System information:
        Driver: iscsi
        State: ready
    I_T nexus information:
        I_T nexus: 2
            Initiator: iqn.2010-11.libiscsi:iscsi-perf alias: none
            Connection: 0
                IP Address: 127.0.0.1
    LUN information:
        LUN: 0
            Type: controller
            SCSI ID: IET     00010000
            SCSI SN: beaf10
            Size: 0 MB, Block size: 1
            Online: Yes
            Removable media: No
            Prevent removal: No
            Readonly: No
            SWP: No
            Thin-provisioning: No
            Backing store type: null
            Backing store path: None
            Backing store flags: 
        LUN: 1
            Type: disk
            SCSI ID: p_lu1
            SCSI SN: abcd1234
            Size: 67 MB, Block size: 512
            Online: Yes
            Removable media: No
            Prevent removal: No
            Readonly: No
            SWP: No
            Thin-provisioning: Yes
            Backing store type: rdwr
            Backing store path: /srv/run/disk1.img
            Backing store flags: 
    Account information:
        u1
        u2 (outgoing)
    ACL information:
        ALL
        192.168.1.0/24
        iqn.init:a
Target 2: iqn.2001-04.com.example:t2
    System information:
        Driver: iscsi
        State: offline
        Nop interval: 5
        Nop count: 3
    I_T nexus information:
    LUN information:
    Account information:
    ACL information:
)";

TEST(Layouts, ShowTargetsLineByLine) {
  const std::vector<TargetView> targets{
      {.id = 1,
       .name = "iqn.2001-04.com.example:t1",
       .nexuses = {{.id = 2,
                    .initiator_name = "iqn.2010-11.libiscsi:iscsi-perf",
                    .connections = {{.connection_id = 0, .initiator_address = "127.0.0.1"}}}},
       .logical_units = {controller("IET     00010000", "beaf10"), disk()},
       .accounts = {{.user = "u1"}, {.user = "u2", .outgoing = true}},
       .access_rules = {"ALL", "192.168.1.0/24", "iqn.init:a"}},
      {.id = 2, .name = "iqn.2001-04.com.example:t2", .state = "offline", .nop_interval = 5, .nop_count = 3}};
  EXPECT_EQ(show_targets(targets), two_targets);
}

TEST(Layouts, ShowNothingWhenThereIsNothing) {
  EXPECT_EQ(show_targets({}), "");
  EXPECT_EQ(show_portals({}), "");
  EXPECT_EQ(show_connections({}), "");
  EXPECT_EQ(show_accounts({}), "");
}

TEST(Layouts, ShowTheFlagsOfAUnit) {
  LogicalUnitView unit = disk();
  unit.online = false;
  unit.removable = true;
  unit.removal_prevented = true;
  unit.read_only = true;
  unit.software_write_protected = true;
  unit.thin_provisioning = false;
  unit.store_flags = "sync:direct";
  const std::vector<TargetView> targets{{.id = 1, .name = "iqn.a", .logical_units = {unit}}};
  EXPECT_NE(show_targets(targets).find("            Online: No\n"
                                       "            Removable media: Yes\n"
                                       "            Prevent removal: Yes\n"
                                       "            Readonly: Yes\n"
                                       "            SWP: Yes\n"
                                       "            Thin-provisioning: No\n"
                                       "            Backing store type: rdwr\n"
                                       "            Backing store path: /srv/run/disk1.img\n"
                                       "            Backing store flags: sync:direct\n"),
            std::string::npos);
}

TEST(Layouts, ShowSizesAsDiskVendorsCountThem) {
  const auto size_of = [](std::uint64_t bytes) {
    const std::vector<TargetView> targets{{.id = 1, .name = "iqn.a", .logical_units = {{.size = bytes}}}};
    const std::string text = show_targets(targets);
    const std::size_t start = text.find("Size: ") + 6;
    return text.substr(start, text.find(' ', start) - start);
  };
  EXPECT_EQ(size_of(0), "0");
  EXPECT_EQ(size_of(512), "0");
  EXPECT_EQ(size_of(std::uint64_t{64} << 20), "67");
  EXPECT_EQ(size_of(std::uint64_t{100} << 20), "105");
  EXPECT_EQ(size_of(std::uint64_t{1} << 30), "1074");
}

TEST(Layouts, ShowTheParametersOfATarget) {
  EXPECT_EQ(show_target_parameters({.nop_interval = 1,
                                    .nop_count = 3,
                                    .keys = {{"MaxRecvDataSegmentLength", "8192"}, {"HeaderDigest", "None"}}}),
            "nop_interval=1\nnop_count=3\nMaxRecvDataSegmentLength=8192\nHeaderDigest=None\n");
}

TEST(Layouts, ShowARedirectInPlaceOfTheParameters) {
  EXPECT_EQ(show_target_parameters(
                {.keys = {{"HeaderDigest", "None"}}, .redirect = RedirectView{"", "192.0.2.1", "3260", "Temporary"}}),
            "RedirectAddress=192.0.2.1\nRedirectPort=3260\nRedirectReason=Temporary\n");
  EXPECT_EQ(show_target_parameters({.redirect = RedirectView{.callback = "/sbin/where"}}),
            "RedirectCallback=/sbin/where\n");
}

constexpr std::string_view whole_system = R"(System:
    State: ready
    debug: off
LLDs:
    iscsi: ready
Backing stores:
    sg
    null
    rdwr (bsoflags sync:direct)
Device types:
    disk
    passthrough
iSNS:
    iSNS=Off
    iSNSServerIP=
    iSNSServerPort=3205
    iSNSAccessControl=Off
)";

TEST(Layouts, ShowTheSystem) {
  DaemonView system{.drivers = {{.targets = {{1, "iqn.a"}}}},
                    .stores = {"sg", "null", "rdwr (bsoflags sync:direct)"},
                    .device_types = {"disk", "passthrough"}};
  EXPECT_EQ(show_system(system), whole_system);
  system.discovery_accounts = {{.user = "disc"}, {.user = "disc2", .outgoing = true}};
  EXPECT_NE(show_system(system).find("    passthrough\n"
                                     "    Account information:\n"
                                     "\n"
                                     "    disc\n"
                                     "    disc2 (outgoing)\n"
                                     "iSNS:\n"),
            std::string::npos);
}

TEST(Layouts, ShowPortals) {
  const std::vector<PortalView> portals{{"127.0.0.1:13261"}, {"[fe80::1]:3260"}};
  EXPECT_EQ(show_portals(portals), "Portal: 127.0.0.1:13261,1\nPortal: [fe80::1]:3260,1\n");
}

TEST(Layouts, ShowTheSessionLineForEachConnection) {
  const std::vector<NexusView> nexuses{
      {.id = 2, .initiator_name = "iqn.init", .connections = {{0, "127.0.0.1"}, {1, "fe80::1"}}}};
  EXPECT_EQ(show_connections(nexuses),
            "Session: 2\n"
            "    Connection: 0\n"
            "        Initiator: iqn.init\n"
            "        IP Address: 127.0.0.1\n"
            "Session: 2\n"
            "    Connection: 1\n"
            "        Initiator: iqn.init\n"
            "        IP Address: fe80::1\n");
}

TEST(Layouts, ShowAccounts) {
  const std::vector<AccountView> accounts{{.user = "u2"}, {.user = "u1"}};
  EXPECT_EQ(show_accounts(accounts), "Account list:\n    u2\n    u1\n");
}

TEST(Layouts, ShowDriversWithTheirTargets) {
  const std::vector<DriverView> drivers{{.targets = {{1, "iqn.a"}, {2, "iqn.b"}}}, {.name = "iser", .state = "error"}};
  EXPECT_EQ(show_drivers(drivers),
            "LLDs:\n    iscsi: ready\n        Target 1: iqn.a\n        Target 2: iqn.b\n    iser: error\n");
}

TEST(Layouts, ShowStatisticsInColumns) {
  const std::vector<StatisticsRow> rows{
      {.target_id = 1, .nexus_id = 2},
      {.target_id = 1, .logical_unit_number = 1, .nexus_id = 2, .read = {16810016, 4105, 16805920, 4104}, .errors = 1}};
  const std::string table =
      "tgt lun sid rd_subm(bytes,cmds) rd_done(bytes,cmds) wr_subm(bytes,cmds) wr_done(bytes,cmds) errs\n"
      "  1   0   2            0      0            0      0            0      0            0      0    0\n"
      "  1   1   2     16810016   4105     16805920   4104            0      0            0      0    1\n";
  EXPECT_EQ(show_statistics(rows), table);
  const std::vector<ConnectionStatisticsRow> connections{{.nexus_id = 2,
                                                          .connection_id = 0,
                                                          .received_octets = 1000,
                                                          .sent_octets = 2000,
                                                          .data_out_pdus = 3,
                                                          .data_in_pdus = 4,
                                                          .command_pdus = 5,
                                                          .response_pdus = 6}};
  const std::string connection_table =
      "sid cid rxdata_octets txdata_octets dataout_pdus datain_pdus cmd_pdus rsp_pdus\n"
      "  2   0          1000          2000            3           4        5        6\n";
  EXPECT_EQ(show_connection_statistics(connections), connection_table);
  EXPECT_EQ(show_session_statistics(rows, connections), table + "\n" + connection_table);
}

TEST(Layouts, WhatANameSaysOfItselfNeverMakesALineOfItsOwn) {
  TargetView target{.id = 1, .name = "iqn.t", .driver = "iscsi", .state = "ready"};
  target.nexuses.push_back(
      {.id = 2, .initiator_name = "iqn.i", .initiator_alias = "\xc3\xbc\n    LUN information:\x1b[31m\x7f"});
  target.logical_units.push_back(controller("IET\t1", "a\r\nb"));
  const std::string shown = show_targets({&target, 1});
  EXPECT_NE(shown.find("alias: \xc3\xbc?    LUN information:?[31m?\n"), std::string::npos) << shown;
  EXPECT_NE(shown.find("SCSI ID: IET?1\n            SCSI SN: a??b\n"), std::string::npos) << shown;
}

}  // namespace
}  // namespace tgt
