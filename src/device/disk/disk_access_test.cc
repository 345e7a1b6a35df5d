// SPDX-License-Identifier: Apache-2.0
// Which commands of a disk a reservation of another initiator stops.
#include <map>
#include <string_view>

#include "device/disk/disk_fixture.h"

namespace tgt {
namespace {

using enum Access;

constexpr int any_action = -1;

// SPC-6, table "commands allowed in the presence of various reservations", and the same of SBC-4. What is in neither
// may not be in the disk's list.
const std::map<std::pair<int, int>, Access> standard{
    {{0x00, any_action}, none},  // TEST UNIT READY
    {{0x03, any_action}, none},  // REQUEST SENSE
    {{0x12, any_action}, none},  // INQUIRY
    {{0x1a, any_action}, read},  // MODE SENSE
    {{0x5a, any_action}, read},
    {{0x15, any_action}, unprotected_write},  // MODE SELECT
    {{0x55, any_action}, unprotected_write},
    {{0x4c, any_action}, unprotected_write},  // LOG SELECT
    {{0x4d, any_action}, none},               // LOG SENSE
    {{0x1c, any_action}, read},               // RECEIVE DIAGNOSTIC RESULTS
    {{0x1d, any_action}, unprotected_write},  // SEND DIAGNOSTIC
    {{0x1e, any_action}, write},              // PREVENT ALLOW MEDIUM REMOVAL, when it prevents
    {{0x1b, any_action}, write},              // START STOP UNIT, unless it starts
    {{0x3c, any_action}, read},               // READ BUFFER
    {{0x9b, any_action}, read},
    {{0x3b, any_action}, unprotected_write},  // WRITE BUFFER
    {{0xa0, any_action}, none},               // REPORT LUNS
    {{0xa3, 0x05}, none},                     // REPORT IDENTIFYING INFORMATION
    {{0xa3, 0x0a}, none},                     // REPORT TARGET PORT GROUPS
    {{0xa3, 0x0c}, read},                     // REPORT SUPPORTED OPERATION CODES
    {{0xa3, 0x0d}, read},                     // REPORT SUPPORTED TASK MANAGEMENT FUNCTIONS
    {{0xa3, 0x0e}, none},                     // REPORT PRIORITY
    {{0xa3, 0x0f}, none},                     // REPORT TIMESTAMP
    {{0xa4, 0x06}, unprotected_write},        // SET IDENTIFYING INFORMATION
    {{0xa4, 0x0a}, unprotected_write},        // SET TARGET PORT GROUPS
    {{0xa4, 0x0e}, unprotected_write},        // SET PRIORITY
    {{0xa4, 0x0f}, unprotected_write},        // SET TIMESTAMP
    {{0x83, any_action}, write},              // EXTENDED COPY, POPULATE TOKEN, WRITE USING TOKEN
    {{0x84, any_action}, write},              // RECEIVE COPY RESULTS, RECEIVE ROD TOKEN INFORMATION
    {{0x04, any_action}, write},              // FORMAT UNIT
    {{0x48, any_action}, write},              // SANITIZE
    {{0x25, any_action}, none},               // READ CAPACITY
    {{0x9e, 0x10}, none},
    {{0x9e, 0x12}, read},  // GET LBA STATUS
    {{0x9e, 0x13}, none},  // REPORT REFERRALS
    {{0x08, any_action}, read},
    {{0x28, any_action}, read},
    {{0xa8, any_action}, read},
    {{0x88, any_action}, read},
    {{0x34, any_action}, read},  // PRE-FETCH
    {{0x90, any_action}, read},
    {{0x37, any_action}, read},  // READ DEFECT DATA
    {{0xb7, any_action}, read},
    {{0x2f, any_action}, read},  // VERIFY
    {{0xaf, any_action}, read},
    {{0x8f, any_action}, read},
    {{0x0a, any_action}, write},
    {{0x2a, any_action}, write},
    {{0xaa, any_action}, write},
    {{0x8a, any_action}, write},
    {{0x9c, any_action}, write},  // WRITE ATOMIC
    {{0x2e, any_action}, write},  // WRITE AND VERIFY
    {{0xae, any_action}, write},
    {{0x8e, any_action}, write},
    {{0x41, any_action}, write},  // WRITE SAME
    {{0x93, any_action}, write},
    {{0x42, any_action}, write},  // UNMAP
    {{0x89, any_action}, write},  // COMPARE AND WRITE
    {{0x8b, any_action}, write},  // ORWRITE
    {{0x35, any_action}, write},  // SYNCHRONIZE CACHE
    {{0x91, any_action}, write},
    {{0x16, any_action}, reservation},
    {{0x17, any_action}, reservation},
    {{0x56, any_action}, reservation},
    {{0x57, any_action}, reservation},
    {{0x5e, any_action}, reservation},
    {{0x5f, any_action}, reservation},
};

bool changes(Access access) { return access == write || access == unprotected_write; }

TEST_F(DiskFixture, EveryCommandHasTheAccessThatTheStandardsGiveIt) {
  for (const bool thin : {false, true}) {
    make({}, {.thin_provisioning = thin});
    for (const CommandTraits& row : disk().commands().rows()) {
      auto found = standard.find({row.operation_code, any_action});
      if (found == standard.end()) found = standard.find({row.operation_code, row.service_action.value_or(0)});
      ASSERT_NE(found, standard.end()) << row.name << ": what do the standards say of it?";
      EXPECT_EQ(changes(row.access), changes(found->second)) << row.name;
      if (!changes(row.access)) EXPECT_EQ(row.access, found->second) << row.name;
    }
  }
}

TEST_F(DiskFixture, WhatHurtsNobodyIsAllowedToEverybody) {
  const auto access = [&](std::vector<std::uint8_t> bytes) {
    const auto cdb = Cdb::from_transport(bytes);
    return (*disk().decode(*cdb))->access_of(*cdb);
  };
  EXPECT_EQ(access({0x1e, 0, 0, 0, 0, 0}), none);
  EXPECT_EQ(access({0x1e, 0, 0, 0, 1, 0}), write);
  EXPECT_EQ(access({0x1b, 0, 0, 0, 1, 0}), none) << "start";
  EXPECT_EQ(access({0x1b, 0, 0, 0, 0, 0}), write) << "stop";
  EXPECT_EQ(access({0x1b, 0, 0, 0, 0x21, 0}), write) << "a power condition";
}

TEST_F(DiskFixture, CanBeReservedAndTellsItsReservations) {
  std::vector<std::uint8_t> list(24);
  list[15] = 0xab;
  EXPECT_EQ(send({0x5f, 0, 0, 0, 0, 0, 0, 0, 24, 0}, list).status, Status::good);
  const std::vector<std::uint8_t> keys{0, 0, 0, 1, 0, 0, 0, 8, 0, 0, 0, 0, 0, 0, 0, 0xab};
  EXPECT_EQ(send({0x5e, 0, 0, 0, 0, 0, 0, 1, 0, 0}).data, keys);
  EXPECT_EQ(send({0x16, 0, 0, 0, 0, 0}).status, Status::reservation_conflict);
  list[7] = 0xab;
  EXPECT_EQ(send({0x5f, 3, 0, 0, 0, 0, 0, 0, 24, 0}, list).status, Status::good);
  EXPECT_EQ(send({0x16, 0, 0, 0, 0, 0}).status, Status::good);
  EXPECT_EQ(send({0x5e, 0, 0, 0, 0, 0, 0, 1, 0, 0}).status, Status::reservation_conflict);
  EXPECT_EQ(send({0x17, 0, 0, 0, 0, 0}).status, Status::good);
}

}  // namespace
}  // namespace tgt
