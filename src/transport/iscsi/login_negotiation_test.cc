// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/login_negotiation.h"

#include <gtest/gtest.h>

#include <string>

namespace tgt {
namespace {

using iscsi::LoginStatus;
using Progress = LoginNegotiation::Progress;

constexpr std::uint8_t security = 0x00;
constexpr std::uint8_t operational = 0x04;
constexpr std::uint8_t to_operational = 0x81;
constexpr std::uint8_t to_full_feature = 0x83;
constexpr std::uint8_t more = iscsi::continue_bit;

class Accounts final : public IscsiAuthentication {
 public:
  bool required(const Target* target) const override { return target == nullptr ? for_discovery : for_targets; }
  bool for_targets = false;
  bool for_discovery = false;
};

class Login : public testing::Test {
 protected:
  Login() {
    target_ = std::make_shared<Target>(1, "iqn.t", "iscsi", std::vector<Shard*>{});
    target_->access().add_name("iqn.i");
    targets_.add(target_);
    restart();
  }
  void restart() {
    login_.emplace(LoginNegotiation::Surroundings{targets_, parameters_, accounts_, sessions_},
                   *Endpoint::parse("192.0.2.1:5", 0));
  }
  static std::string text_of(std::initializer_list<std::string_view> pairs) {
    std::string text;
    for (const std::string_view pair : pairs) text.append(pair).append(1, '\0');
    return text;
  }
  static iscsi::LoginRequestHeader header_of(std::uint8_t flags) {
    iscsi::LoginRequestHeader header;
    header.flags = flags;
    header.isid = {0x80, 1, 2, 3, 4, 5};
    header.initiator_task_tag = 77;
    header.connection_id = 3;
    header.cmd_sn = 1000;
    header.exp_stat_sn = 50;
    return header;
  }
  LoginNegotiation::Answer send(std::uint8_t flags, std::initializer_list<std::string_view> pairs) {
    return login_->answer(header_of(flags), text_of(pairs));
  }
  LoginNegotiation::Answer send(const iscsi::LoginRequestHeader& header,
                                std::initializer_list<std::string_view> pairs) {
    return login_->answer(header, text_of(pairs));
  }
  static LoginStatus status_of(const LoginNegotiation::Answer& answer) {
    return static_cast<LoginStatus>(std::uint16_t{answer.header.status});
  }
  // A first request that ends the login, tried on a fresh one.
  LoginStatus refused(std::uint8_t flags, std::initializer_list<std::string_view> pairs) {
    restart();
    const auto answer = send(flags, pairs);
    EXPECT_EQ(answer.progress, Progress::failed);
    EXPECT_NE(login_->reason(), "");
    return status_of(answer);
  }

  TargetRegistry targets_;
  IscsiTargetParametersStore parameters_;
  Accounts accounts_;
  IscsiSessionTable sessions_;
  std::shared_ptr<Target> target_;
  std::optional<LoginNegotiation> login_;
};

TEST_F(Login, GoesThroughBothStagesToTheFullFeaturePhase) {
  auto answer = send(to_operational, {"InitiatorName=iqn.i", "InitiatorAlias=me", "TargetName=iqn.t",
                                      "SessionType=Normal", "AuthMethod=CHAP,None"});
  EXPECT_EQ(answer.progress, Progress::go_on);
  EXPECT_EQ(answer.header.flags, to_operational);
  EXPECT_EQ(answer.header.stat_sn, 50U);
  EXPECT_EQ(answer.header.exp_cmd_sn, 1000U);
  EXPECT_EQ(answer.header.initiator_task_tag, 77U);
  EXPECT_EQ(answer.text, text_of({"TargetPortalGroupTag=1", "AuthMethod=None"}));
  answer = send(operational | to_full_feature, {"HeaderDigest=None", "MaxBurstLength=65536", "X-vendor=1"});
  EXPECT_EQ(answer.progress, Progress::ready);
  EXPECT_EQ(answer.header.flags, operational | to_full_feature);
  EXPECT_EQ(answer.header.stat_sn, 51U);
  EXPECT_EQ(answer.header.max_cmd_sn, 1000U + 127U);
  EXPECT_EQ(answer.text, text_of({"HeaderDigest=None", "MaxBurstLength=65536", "X-vendor=NotUnderstood",
                                  "MaxRecvDataSegmentLength=262144"}));
  EXPECT_EQ(login_->target(), target_);
  EXPECT_EQ(login_->initiator().name, "iqn.i");
  EXPECT_EQ(login_->initiator_alias(), "me");
  EXPECT_EQ(login_->connection_id(), 3);
  EXPECT_EQ(login_->agreed().max_burst_length, 65536U);
}

TEST_F(Login, MayBeginInTheOperationalStage) {
  EXPECT_EQ(send(operational | to_full_feature, {"InitiatorName=iqn.i", "TargetName=iqn.t"}).progress, Progress::ready);
}

TEST_F(Login, MayLeaveTheSecurityStageForTheFullFeaturePhase) {
  EXPECT_EQ(send(to_full_feature, {"InitiatorName=iqn.i", "TargetName=iqn.t"}).progress, Progress::ready);
  EXPECT_EQ(login_->agreed().target_max_recv_data_segment_length, 8192U);
}

TEST_F(Login, OfADiscoverySessionNamesNoTarget) {
  const auto answer =
      send(operational | to_full_feature, {"InitiatorName=iqn.anyone", "SessionType=Discovery", "MaxBurstLength=512"});
  EXPECT_EQ(answer.progress, Progress::ready);
  EXPECT_EQ(answer.text, text_of({"MaxBurstLength=Irrelevant", "MaxRecvDataSegmentLength=262144"}));
  EXPECT_EQ(login_->target(), nullptr);
}

TEST_F(Login, TextMayGoOnOverSeveralRequests) {
  const std::string whole = text_of({"InitiatorName=iqn.i", "TargetName=iqn.t"});
  EXPECT_EQ(login_->answer(header_of(operational | more), whole.substr(0, 9)).progress, Progress::go_on);
  EXPECT_EQ(login_->answer(header_of(operational | to_full_feature), whole.substr(9)).progress, Progress::ready);
}

TEST_F(Login, TextThatGoesOnForEverIsRefused) {
  LoginNegotiation::Answer answer;
  for (unsigned i = 0; i < 100 && answer.progress == Progress::go_on; ++i) {
    answer = login_->answer(header_of(operational | more), std::string(8192, 'x'));
  }
  EXPECT_EQ(status_of(answer), LoginStatus::initiator_error);
}

TEST_F(Login, ThatNeverEndsIsRefused) {
  auto answer = send(operational, {"InitiatorName=iqn.i", "TargetName=iqn.t"});
  unsigned requests = 1;
  for (; answer.progress == Progress::go_on && requests < 1000; ++requests) answer = send(operational, {});
  EXPECT_EQ(status_of(answer), LoginStatus::initiator_error);
  EXPECT_LT(requests, 100U);
}

TEST_F(Login, ALongAnswerIsSentInParts) {
  std::string many;
  for (unsigned i = 0; i < 250; ++i) append_pair(many, "X-" + std::string(50, 'k') + std::to_string(i), "v");
  std::string text = text_of({"InitiatorName=iqn.i", "TargetName=iqn.t"}) + many;
  auto answer = login_->answer(header_of(operational | more), text.substr(0, 8000));
  answer = login_->answer(header_of(operational | to_full_feature), text.substr(8000));
  std::string whole = answer.text;
  unsigned parts = 1;
  while ((answer.header.flags & more) != 0 && parts < 10) {
    EXPECT_EQ(answer.progress, Progress::go_on);
    EXPECT_LE(answer.text.size(), 8192U);
    answer = send(operational | to_full_feature, {});
    whole += answer.text;
    ++parts;
  }
  EXPECT_GT(parts, 1U);
  EXPECT_EQ(answer.progress, Progress::ready);
  EXPECT_NE(whole.find("249=NotUnderstood"), std::string::npos);
}

TEST_F(Login, TheLastRequestOfALongAnswerSaysWhereTheLoginGoes) {
  ASSERT_EQ(parameters_.set("iqn.t", "HeaderDigest", "CRC32C"), IscsiTargetParameters::SetResult::done);
  const auto begin = [this](std::uint8_t flags) {
    restart();
    std::string many = text_of({"InitiatorName=iqn.i", "TargetName=iqn.t"});
    for (unsigned i = 0; i < 120; ++i) append_pair(many, "X-" + std::string(55, 'k') + std::to_string(i), "v");
    auto answer = login_->answer(header_of((flags & operational) | more), many.substr(0, 4000));
    answer = login_->answer(header_of(flags), many.substr(4000));
    EXPECT_EQ(answer.header.flags & (more | iscsi::transit_bit), more);
  };
  begin(to_operational);
  auto answer = send(to_full_feature, {});
  EXPECT_EQ(answer.progress, Progress::failed) << "not past the digests that the target insists on";
  begin(to_operational);
  answer = send(security, {});
  EXPECT_EQ(answer.header.flags, security) << "that one did not ask for a transition";
  begin(operational | to_full_feature);
  answer = send(operational | to_full_feature, {});
  EXPECT_EQ(answer.header.flags, operational);
  EXPECT_NE(answer.text.find("HeaderDigest=CRC32C"), std::string::npos) << "they are offered first";
  answer = send(operational | to_full_feature, {"HeaderDigest=CRC32C"});
  EXPECT_EQ(answer.progress, Progress::ready);
  EXPECT_EQ(answer.header.flags, operational | to_full_feature);
}

TEST_F(Login, WithoutItsParametersIsRefused) {
  EXPECT_EQ(refused(operational | to_full_feature, {}), LoginStatus::missing_parameter);
  EXPECT_EQ(refused(operational | to_full_feature, {"TargetName=iqn.t"}), LoginStatus::missing_parameter);
  EXPECT_EQ(refused(operational | to_full_feature, {"InitiatorName=iqn.i"}), LoginStatus::missing_parameter);
  EXPECT_EQ(refused(operational, {"InitiatorName=iqn.i", "TargetName=iqn.t", "SessionType=Odd"}),
            LoginStatus::session_type_not_supported);
}

TEST_F(Login, ToWhatIsNotThereOrNotForThisInitiatorFindsNoTarget) {
  EXPECT_EQ(refused(operational, {"InitiatorName=iqn.i", "TargetName=iqn.other"}), LoginStatus::target_not_found);
  EXPECT_EQ(refused(operational, {"InitiatorName=iqn.stranger", "TargetName=iqn.t"}), LoginStatus::target_not_found);
}

TEST_F(Login, ToWhatIsOfflineIsToldSo) {
  target_->set_state(Target::State::offline);
  EXPECT_EQ(refused(operational, {"InitiatorName=iqn.i", "TargetName=iqn.t"}), LoginStatus::service_unavailable);
  target_->set_state(Target::State::ready);
  targets_.set_online(false);
  EXPECT_EQ(refused(operational, {"InitiatorName=iqn.i", "TargetName=iqn.t"}), LoginStatus::service_unavailable);
}

TEST_F(Login, ToARedirectedTargetIsToldWhere) {
  ASSERT_EQ(parameters_.set("iqn.t", "RedirectAddress", "192.0.2.9"), IscsiTargetParameters::SetResult::done);
  auto answer = send(operational, {"InitiatorName=iqn.i", "TargetName=iqn.t"});
  EXPECT_EQ(status_of(answer), LoginStatus::target_moved_temporarily);
  EXPECT_EQ(answer.text, text_of({"TargetAddress=192.0.2.9:3260"}));
  ASSERT_EQ(parameters_.set("iqn.t", "RedirectReason", "Permanent"), IscsiTargetParameters::SetResult::done);
  EXPECT_EQ(refused(operational, {"InitiatorName=iqn.i", "TargetName=iqn.t"}), LoginStatus::target_moved_permanently);
}

TEST_F(Login, WithoutAuthenticationToWhatRequiresItIsRefused) {
  accounts_.for_targets = true;
  EXPECT_EQ(refused(security, {"InitiatorName=iqn.i", "TargetName=iqn.t", "AuthMethod=None"}),
            LoginStatus::authentication_failure);
  EXPECT_EQ(refused(to_operational, {"InitiatorName=iqn.i", "TargetName=iqn.t"}), LoginStatus::authentication_failure);
  EXPECT_EQ(refused(to_full_feature, {"InitiatorName=iqn.i", "TargetName=iqn.t"}), LoginStatus::authentication_failure);
  EXPECT_EQ(refused(operational, {"InitiatorName=iqn.i", "TargetName=iqn.t"}), LoginStatus::authentication_failure);
  restart();
  EXPECT_EQ(send(operational | to_full_feature, {"InitiatorName=iqn.i", "SessionType=Discovery"}).progress,
            Progress::ready);
  accounts_.for_discovery = true;
  EXPECT_EQ(refused(operational, {"InitiatorName=iqn.i", "SessionType=Discovery"}),
            LoginStatus::authentication_failure);
}

TEST_F(Login, WithNoAuthenticationMethodInCommonIsRefused) {
  EXPECT_EQ(refused(security, {"InitiatorName=iqn.i", "TargetName=iqn.t", "AuthMethod=KRB5,CHAP"}),
            LoginStatus::authentication_failure);
}

TEST_F(Login, OfAnotherVersionIsRefused) {
  auto header = header_of(operational);
  header.version_max = header.version_min = 1;
  EXPECT_EQ(status_of(send(header, {"InitiatorName=iqn.i", "TargetName=iqn.t"})), LoginStatus::unsupported_version);
}

TEST_F(Login, WithStagesThatDoNotExistIsRefused) {
  const std::initializer_list<std::string_view> names = {"InitiatorName=iqn.i", "TargetName=iqn.t"};
  EXPECT_EQ(refused(0x08, names), LoginStatus::initiator_error) << "stage 2";
  EXPECT_EQ(refused(0x0c, names), LoginStatus::initiator_error) << "begins in the full feature phase";
  EXPECT_EQ(refused(0x80, names), LoginStatus::initiator_error) << "transition to the same stage";
  EXPECT_EQ(refused(0x82, names), LoginStatus::initiator_error) << "transition to stage 2";
  EXPECT_EQ(refused(operational | 0x80, names), LoginStatus::initiator_error) << "transition backwards";
  EXPECT_EQ(refused(operational | to_full_feature | more, names), LoginStatus::initiator_error) << "T and C";
  restart();
  EXPECT_EQ(send(security, names).progress, Progress::go_on);
  EXPECT_EQ(status_of(send(operational, {})), LoginStatus::initiator_error) << "jumps without transition";
}

TEST_F(Login, ThatChangesItsMindIsRefused) {
  for (unsigned what = 0; what < 5; ++what) {
    restart();
    EXPECT_EQ(send(operational, {"InitiatorName=iqn.i", "TargetName=iqn.t"}).progress, Progress::go_on);
    auto header = header_of(operational);
    if (what == 0) header.isid[0] = 0;
    if (what == 1) header.tsih = 9;
    if (what == 2) header.connection_id = 4;
    if (what == 3) header.initiator_task_tag = 78;
    const auto answer =
        what == 4 ? send(header, {"InitiatorName=iqn.somebody-else"}) : send(header, {"MaxBurstLength=512"});
    EXPECT_EQ(status_of(answer), LoginStatus::initiator_error) << what;
  }
}

TEST_F(Login, WithBadTextIsRefused) {
  for (const std::string& bad : {std::string("InitiatorName=iqn.i"), std::string("no equals sign\0", 15),
                                 std::string(64, 'k') + "=v" + '\0', "k=" + std::string(256, 'v') + '\0'}) {
    restart();
    const auto answer = login_->answer(header_of(operational), bad);
    EXPECT_EQ(status_of(answer), LoginStatus::initiator_error) << bad;
  }
}

TEST_F(Login, WithAKeyTwiceOrAKeyOfTargetsIsRefused) {
  const std::string_view name = "InitiatorName=iqn.i";
  const std::string_view target = "TargetName=iqn.t";
  EXPECT_EQ(refused(operational, {name, target, "MaxBurstLength=512", "MaxBurstLength=512"}),
            LoginStatus::initiator_error);
  EXPECT_EQ(refused(operational, {name, target, "TargetPortalGroupTag=1"}), LoginStatus::initiator_error);
  EXPECT_EQ(refused(operational, {name, target, "MaxRecvDataSegmentLength=1"}), LoginStatus::initiator_error);
}

TEST_F(Login, KeysInTheWrongStageAreRejectedOneByOne) {
  const auto answer =
      send(to_operational, {"InitiatorName=iqn.i", "TargetName=iqn.t", "HeaderDigest=None", "SendTargets=All"});
  EXPECT_EQ(answer.progress, Progress::go_on);
  EXPECT_EQ(answer.text, text_of({"TargetPortalGroupTag=1", "HeaderDigest=Reject", "SendTargets=Reject"}));
}

TEST_F(Login, ToASessionThatExistsOrDoesNotIsTold) {
  auto header = header_of(operational | to_full_feature);
  header.tsih = 1;
  EXPECT_EQ(status_of(send(header, {"InitiatorName=iqn.i", "TargetName=iqn.t"})), LoginStatus::session_does_not_exist);
  auto handle = sessions_.allocate({"iqn.i", "iqn.t", header.isid});
  ASSERT_TRUE(handle);
  ASSERT_EQ(handle->tsih(), 1);
  restart();
  EXPECT_EQ(status_of(send(header, {"InitiatorName=iqn.i", "TargetName=iqn.t"})), LoginStatus::too_many_connections);
}

TEST_F(Login, AMandatoryDigestIsOfferedAndMustBeTaken) {
  ASSERT_EQ(parameters_.set("iqn.t", "HeaderDigest", "CRC32C"), IscsiTargetParameters::SetResult::done);
  auto answer = send(operational | to_full_feature, {"InitiatorName=iqn.i", "TargetName=iqn.t"});
  EXPECT_EQ(answer.progress, Progress::go_on);
  EXPECT_EQ(answer.header.flags & iscsi::transit_bit, 0);
  EXPECT_TRUE(answer.text.ends_with(text_of({"HeaderDigest=CRC32C"})));
  answer = send(operational | to_full_feature, {"HeaderDigest=CRC32C"});
  EXPECT_EQ(answer.progress, Progress::ready);
  EXPECT_TRUE(login_->agreed().header_digest);
  restart();
  answer = send(operational | to_full_feature, {"InitiatorName=iqn.i", "TargetName=iqn.t"});
  EXPECT_EQ(status_of(send(operational | to_full_feature, {})), LoginStatus::initiator_error);
  EXPECT_EQ(refused(to_full_feature, {"InitiatorName=iqn.i", "TargetName=iqn.t"}), LoginStatus::initiator_error);
}

TEST(SessionTable, GivesEachSessionAHandleOfItsOwn) {
  IscsiSessionTable table;
  auto first = table.allocate({"i", "t", {}});
  auto second = table.allocate({"i", "t", {}});
  ASSERT_TRUE(first && second);
  EXPECT_NE(first->tsih(), 0);
  EXPECT_NE(first->tsih(), second->tsih());
  EXPECT_TRUE(table.belongs_to(first->tsih(), {"i", "t", {}}));
  EXPECT_FALSE(table.belongs_to(first->tsih(), {"i", "other", {}}));
  const std::uint16_t tsih = first->tsih();
  first.reset();
  EXPECT_FALSE(table.belongs_to(tsih, {"i", "t", {}}));
}

}  // namespace
}  // namespace tgt
