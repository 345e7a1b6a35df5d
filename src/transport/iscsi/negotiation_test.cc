// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/negotiation.h"

#include <gtest/gtest.h>

#include <string>

namespace tgt {
namespace {

// What the target answers to `key=value`, without the key; "(none)" for nothing, "(fails)" when the login ends.
class Negotiation : public testing::Test {
 protected:
  void configure(std::string_view name, std::string_view value) {
    ASSERT_EQ(target_.set(name, value), IscsiTargetParameters::SetResult::done) << name << '=' << value;
  }
  std::string answer(std::string_view key, std::string_view value, SessionType type = SessionType::normal) {
    negotiation_.emplace(std::make_shared<const IscsiTargetParameters>(target_), type);
    return answer_again(key, value);
  }
  std::string answer_again(std::string_view key, std::string_view value) {
    std::string text;
    if (!negotiation_->take(*find_text_key(key), value, text)) return "(fails)";
    if (text.empty()) return "(none)";
    EXPECT_TRUE(text.starts_with(std::string(key) + '=') && text.ends_with('\0')) << text;
    return text.substr(key.size() + 1, text.size() - key.size() - 2);
  }
  const IscsiSessionParameters& agreed() const { return negotiation_->agreed(); }

  IscsiTargetParameters target_{IscsiTargetParameters::KeepAlive{}};
  std::optional<KeyNegotiation> negotiation_;
};

TEST_F(Negotiation, NumbersComeToTheSmallerOrTheLarger) {
  EXPECT_EQ(answer("MaxBurstLength", "16776192"), "1048576");
  EXPECT_EQ(agreed().max_burst_length, 1048576U);
  EXPECT_EQ(answer("MaxBurstLength", "512"), "512");
  EXPECT_EQ(answer("FirstBurstLength", "65536"), "65536");
  EXPECT_EQ(answer("MaxOutstandingR2T", "65535"), "16");
  EXPECT_EQ(agreed().max_outstanding_r2t, 16U);
  EXPECT_EQ(answer("DefaultTime2Wait", "0"), "2");
  EXPECT_EQ(answer("DefaultTime2Wait", "10"), "10");
  EXPECT_EQ(answer("DefaultTime2Retain", "0"), "0");
  EXPECT_EQ(answer("MaxConnections", "8"), "1");
  EXPECT_EQ(answer("ErrorRecoveryLevel", "2"), "0");
  EXPECT_EQ(answer("iSCSIProtocolLevel", "2"), "2");
  EXPECT_EQ(answer("iSCSIProtocolLevel", "1"), "1");
}

TEST_F(Negotiation, NumbersMayBeHexadecimal) { EXPECT_EQ(answer("MaxBurstLength", "0x200"), "512"); }

TEST_F(Negotiation, NumbersThatAreNoneOrOutOfRangeAreRejected) {
  for (const char* bad : {"", "511", "16777216", "4294967296", "-1", "1 ", "0x", "abc", "512~1024"}) {
    EXPECT_EQ(answer("MaxBurstLength", bad), "Reject") << bad;
  }
  EXPECT_EQ(agreed().max_burst_length, 262144U);
}

TEST_F(Negotiation, BooleansComeToOrAndAnd) {
  EXPECT_EQ(answer("InitialR2T", "No"), "No");
  EXPECT_FALSE(agreed().initial_r2t);
  EXPECT_EQ(answer("InitialR2T", "Yes"), "Yes");
  EXPECT_EQ(answer("ImmediateData", "Yes"), "Yes");
  EXPECT_EQ(answer("ImmediateData", "No"), "No");
  EXPECT_FALSE(agreed().immediate_data);
  EXPECT_EQ(answer("DataPDUInOrder", "No"), "Yes");
  EXPECT_EQ(answer("DataSequenceInOrder", "No"), "Yes");
  EXPECT_EQ(answer("ImmediateData", "yes"), "Reject");
  configure("InitialR2T", "Yes");
  EXPECT_EQ(answer("InitialR2T", "No"), "Yes");
  configure("ImmediateData", "No");
  EXPECT_EQ(answer("ImmediateData", "Yes"), "No");
}

TEST_F(Negotiation, ADigestIsTheFirstOfTheInitiatorsThatTheTargetTakes) {
  EXPECT_EQ(answer("HeaderDigest", "CRC32C,None"), "CRC32C");
  EXPECT_TRUE(agreed().header_digest);
  EXPECT_EQ(answer("HeaderDigest", "None,CRC32C"), "None");
  EXPECT_EQ(answer("DataDigest", "X-mine,CRC32C"), "CRC32C");
  EXPECT_TRUE(agreed().data_digest);
  EXPECT_EQ(answer("DataDigest", "X-mine"), "Reject");
  configure("DataDigest", "None");
  EXPECT_EQ(answer("DataDigest", "CRC32C"), "Reject");
  EXPECT_EQ(answer("DataDigest", "CRC32C,None"), "None");
}

TEST_F(Negotiation, AMandatoryDigestIsNotGivenUp) {
  configure("HeaderDigest", "CRC32C");
  EXPECT_EQ(answer("HeaderDigest", "None,CRC32C"), "CRC32C");
  EXPECT_TRUE(negotiation_->mandatory_digests_agreed());
  EXPECT_EQ(answer("HeaderDigest", "None"), "Reject");
  EXPECT_FALSE(negotiation_->mandatory_digests_agreed());
}

TEST_F(Negotiation, AMandatoryDigestThatNobodySpokeOfIsOffered) {
  configure("DataDigest", "CRC32C");
  EXPECT_EQ(answer("MaxBurstLength", "512"), "512");
  std::string offer;
  EXPECT_TRUE(negotiation_->offer_mandatory_digests(offer));
  EXPECT_EQ(offer, std::string("DataDigest=CRC32C") + '\0');
  EXPECT_FALSE(negotiation_->mandatory_digests_agreed());
  EXPECT_EQ(answer_again("DataDigest", "CRC32C"), "(none)");
  EXPECT_TRUE(negotiation_->mandatory_digests_agreed());
  EXPECT_FALSE(negotiation_->offer_mandatory_digests(offer));
}

TEST_F(Negotiation, WhatIsDeclaredIsNotAnswered) {
  EXPECT_EQ(answer("MaxRecvDataSegmentLength", "65536"), "(none)");
  EXPECT_EQ(agreed().initiator_max_recv_data_segment_length, 65536U);
  EXPECT_EQ(answer("MaxRecvDataSegmentLength", "0"), "(fails)");
}

TEST_F(Negotiation, TheTargetDeclaresItsOwnSegmentLengthOnce) {
  EXPECT_EQ(answer("MaxBurstLength", "512"), "512");
  std::string text;
  negotiation_->declare(text);
  EXPECT_EQ(text, std::string("MaxRecvDataSegmentLength=262144") + '\0');
  EXPECT_EQ(agreed().target_max_recv_data_segment_length, 262144U);
  negotiation_->declare(text);
  EXPECT_EQ(text, std::string("MaxRecvDataSegmentLength=262144") + '\0');
}

TEST_F(Negotiation, AKeySentTwiceEndsTheLogin) {
  EXPECT_EQ(answer("MaxBurstLength", "512"), "512");
  EXPECT_EQ(answer_again("MaxBurstLength", "512"), "(fails)");
}

TEST_F(Negotiation, ObsoleteMarkersAreRefusedAsTheRfcSays) {
  EXPECT_EQ(answer("IFMarker", "Yes"), "No");
  EXPECT_EQ(answer("OFMarker", "No"), "No");
  EXPECT_EQ(answer("IFMarkInt", "2048"), "Reject");
  EXPECT_EQ(answer("OFMarkInt", "2048~65535"), "Reject");
}

TEST_F(Negotiation, KeysOfIserEndInNoOrIrrelevant) {
  EXPECT_EQ(answer("RDMAExtensions", "Yes"), "No");
  EXPECT_EQ(answer("TargetRecvDataSegmentLength", "8192"), "Irrelevant");
  EXPECT_EQ(answer("MaxOutstandingUnexpectedPDUs", "2"), "Irrelevant");
}

TEST_F(Negotiation, TaskReportingIsThatOfTheOldRfc) {
  EXPECT_EQ(answer("TaskReporting", "FastAbort,RFC3720"), "RFC3720");
  EXPECT_EQ(answer("TaskReporting", "FastAbort"), "Reject");
}

TEST_F(Negotiation, DataKeysAreIrrelevantInADiscoverySession) {
  for (const char* key : {"MaxConnections", "InitialR2T", "ImmediateData", "MaxBurstLength", "FirstBurstLength",
                          "MaxOutstandingR2T", "DataPDUInOrder", "DataSequenceInOrder"}) {
    EXPECT_EQ(answer(key, "1", SessionType::discovery), "Irrelevant") << key;
  }
  EXPECT_EQ(answer("ErrorRecoveryLevel", "0", SessionType::discovery), "0");
}

TEST(TextKeys, EveryKeyCanBeFoundByItsNameInItsOwnCaseOnly) {
  for (const TextKey& key : text_keys()) EXPECT_EQ(find_text_key(key.name), &key);
  EXPECT_EQ(find_text_key("headerdigest"), nullptr);
  EXPECT_EQ(find_text_key_any_case("headerdigest")->id, KeyId::header_digest);
}

}  // namespace
}  // namespace tgt
