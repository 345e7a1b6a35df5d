// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/target_parameters.h"

#include <gmock/gmock.h>
#include <gtest/gtest.h>

namespace tgt {
namespace {

using SetResult = IscsiTargetParameters::SetResult;

std::string line_of(const IscsiTargetParameters& parameters, std::string_view name) {
  for (const std::string& line : parameters.list()) {
    if (line.starts_with(std::string(name) + '=')) return line.substr(name.size() + 1);
  }
  return "(absent)";
}

TEST(TargetParameters, AreListedInTheOrderThatScriptsKnow) {
  const IscsiTargetParameters parameters({});
  EXPECT_THAT(parameters.list(),
              testing::ElementsAre(
                  "nop_interval=0", "nop_count=0", "MaxRecvDataSegmentLength=262144", "HeaderDigest=CRC32C,None",
                  "DataDigest=CRC32C,None", "InitialR2T=No", "MaxOutstandingR2T=16", "ImmediateData=Yes",
                  "FirstBurstLength=262144", "MaxBurstLength=1048576", "DataPDUInOrder=Yes", "DataSequenceInOrder=Yes",
                  "ErrorRecoveryLevel=0", "IFMarker=No", "OFMarker=No", "DefaultTime2Wait=2", "DefaultTime2Retain=20",
                  "OFMarkInt=Reject", "IFMarkInt=Reject", "MaxConnections=1", "RDMAExtensions=Yes",
                  "TargetRecvDataSegmentLength=262144", "InitiatorRecvDataSegmentLength=262144",
                  "MaxOutstandingUnexpectedPDUs=0", "MaxXmitDataSegmentLength=262144", "MaxQueueCmd=128"));
}

TEST(TargetParameters, AreSetByNameInAnyCaseWithinTheirRange) {
  IscsiTargetParameters parameters({});
  EXPECT_EQ(parameters.set("maxburstlength", "65536"), SetResult::done);
  EXPECT_EQ(line_of(parameters, "MaxBurstLength"), "65536");
  EXPECT_EQ(parameters.set("MaxBurstLength", "511"), SetResult::bad_value);
  EXPECT_EQ(parameters.set("MaxBurstLength", "16777216"), SetResult::bad_value);
  EXPECT_EQ(parameters.set("MaxBurstLength", "x"), SetResult::bad_value);
  EXPECT_EQ(line_of(parameters, "MaxBurstLength"), "65536");
  EXPECT_EQ(parameters.set("InitialR2T", "Yes"), SetResult::done);
  EXPECT_EQ(line_of(parameters, "InitialR2T"), "Yes");
  EXPECT_EQ(parameters.set("InitialR2T", "1"), SetResult::bad_value);
  EXPECT_EQ(parameters.set("HeaderDigest", "CRC32C"), SetResult::done);
  EXPECT_EQ(line_of(parameters, "HeaderDigest"), "CRC32C");
  EXPECT_EQ(parameters.set("HeaderDigest", "MD5"), SetResult::bad_value);
  EXPECT_EQ(parameters.set("NoSuchKey", "1"), SetResult::unknown_name);
  EXPECT_EQ(parameters.set("TargetName", "x"), SetResult::unknown_name);
  EXPECT_EQ(parameters.set("MaxOutstandingUnexpectedPDUs", "1"), SetResult::bad_value);
}

TEST(TargetParameters, OfTheTargetAloneAreSetTheSameWay) {
  IscsiTargetParameters parameters({});
  EXPECT_EQ(parameters.set("MaxQueueCmd", "512"), SetResult::done);
  EXPECT_EQ(parameters.command_window(), 512U);
  EXPECT_EQ(parameters.set("MaxQueueCmd", "0"), SetResult::bad_value);
  EXPECT_EQ(parameters.set("MaxQueueCmd", "513"), SetResult::bad_value);
  EXPECT_EQ(parameters.set("nop_interval", "5"), SetResult::done);
  EXPECT_EQ(parameters.set("nop_count", "3"), SetResult::done);
  EXPECT_EQ(parameters.keep_alive().interval_seconds, 5U);
  EXPECT_EQ(parameters.keep_alive().count, 3U);
  EXPECT_EQ(parameters.set("MaxXmitDataSegmentLength", "8192"), SetResult::done);
  EXPECT_EQ(parameters.max_xmit_data_segment_length(), 8192U);
}

TEST(TargetParameters, ThatThisTargetCannotDoAreTakenAsTheNearestThatItCan) {
  IscsiTargetParameters parameters({});
  EXPECT_EQ(parameters.set("ErrorRecoveryLevel", "2"), SetResult::done);
  EXPECT_EQ(line_of(parameters, "ErrorRecoveryLevel"), "0");
  EXPECT_EQ(parameters.set("ErrorRecoveryLevel", "3"), SetResult::bad_value);
  EXPECT_EQ(parameters.set("MaxConnections", "8"), SetResult::done);
  EXPECT_EQ(line_of(parameters, "MaxConnections"), "1");
  EXPECT_EQ(parameters.set("MaxOutstandingR2T", "64"), SetResult::done);
  EXPECT_EQ(line_of(parameters, "MaxOutstandingR2T"), "16");
  EXPECT_EQ(parameters.set("DataPDUInOrder", "No"), SetResult::done);
  EXPECT_EQ(line_of(parameters, "DataPDUInOrder"), "Yes");
}

TEST(TargetParameters, ShowOnlyTheRedirectionWhenThereIsOne) {
  IscsiTargetParameters parameters({});
  EXPECT_EQ(parameters.set("RedirectAddress", "not an address"), SetResult::bad_value);
  EXPECT_EQ(parameters.set("RedirectAddress", "192.0.2.9"), SetResult::done);
  EXPECT_EQ(parameters.set("RedirectPort", "3261"), SetResult::done);
  EXPECT_EQ(parameters.set("RedirectPort", "65536"), SetResult::bad_value);
  EXPECT_EQ(parameters.set("RedirectReason", "Permanent"), SetResult::done);
  EXPECT_EQ(parameters.set("RedirectReason", "Whim"), SetResult::bad_value);
  EXPECT_THAT(parameters.list(),
              testing::ElementsAre("RedirectAddress=192.0.2.9", "RedirectPort=3261", "RedirectReason=Permanent"));
  EXPECT_EQ(parameters.set("RedirectAddress", "2001:db8::9"), SetResult::done);
  EXPECT_EQ(parameters.redirection().address, "[2001:db8::9]");
  EXPECT_EQ(parameters.set("RedirectAddress", ""), SetResult::done);
  EXPECT_EQ(parameters.list().size(), 26U);
}

TEST(TargetParametersStore, KeepsTheValuesOfEachTargetApart) {
  IscsiTargetParametersStore store({.interval_seconds = 7, .count = 2});
  const auto before = store.find("iqn.a");
  EXPECT_EQ(store.set("iqn.a", "MaxQueueCmd", "4"), SetResult::done);
  EXPECT_EQ(store.set("iqn.a", "MaxQueueCmd", "0"), SetResult::bad_value);
  EXPECT_EQ(store.find("iqn.a")->command_window(), 4U);
  EXPECT_EQ(store.find("iqn.a")->keep_alive().interval_seconds, 7U);
  EXPECT_EQ(store.find("iqn.b")->command_window(), 128U);
  EXPECT_EQ(before->command_window(), 128U);  // who has them keeps them
  store.remove("iqn.a");
  EXPECT_EQ(store.find("iqn.a")->command_window(), 128U);
}

}  // namespace
}  // namespace tgt
