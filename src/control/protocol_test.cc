// SPDX-License-Identifier: Apache-2.0
#include "control/protocol.h"

#include <gtest/gtest.h>

#include <cstring>
#include <optional>

namespace tgt {
namespace {

using Wire = std::vector<std::uint8_t>;

std::optional<ProtocolFault> header_fault(const Wire& bytes) {
  const auto header = decode_request_header(bytes);
  return header ? std::nullopt : std::optional(header.error());
}

// Decodes bytes as the server does: the header first, then as much text as it says.
Result<ManagementRequest, ProtocolFault> decode(const Wire& bytes) {
  const auto header = decode_request_header(bytes);
  if (!header) return failure(header.error());
  return decode_request(*header, Bytes(bytes).subspan(sizeof(RequestHeader)));
}

void put32(Wire& bytes, std::size_t offset, std::uint32_t value) {
  std::memcpy(bytes.data() + offset, &value, sizeof value);
}

ManagementRequest full_request() {
  return {.mode = ManagementMode::logical_unit,
          .operation = ManagementOperation::update,
          .driver = "iscsi",
          .target_id = 7,
          .session_id = 8,
          .logical_unit_number = 9,
          .connection_id = 10,
          .host_number = 11,
          .device_type = 255,
          .outgoing = true,
          .force = true,
          .text = "path=/dev/sda"};
}

TEST(Protocol, HasTheNumbersWhereClientsOfTheFieldPutThem) {
  const Wire bytes = encode_request(full_request());
  ASSERT_EQ(bytes.size(), 120u + 14u);
  const auto at = [&](std::size_t offset) {
    std::uint32_t value = 0;
    std::memcpy(&value, bytes.data() + offset, sizeof value);
    return value;
  };
  EXPECT_EQ(at(0), 2u) << "mode";
  EXPECT_EQ(at(4), 5u) << "operation";
  EXPECT_STREQ(reinterpret_cast<const char*>(bytes.data()) + 8, "iscsi");
  EXPECT_EQ(at(72), 134u) << "length counts the header, the text and its NUL";
  EXPECT_EQ(at(76), 7u) << "target";
  EXPECT_EQ(at(80), 8u) << "session";
  EXPECT_EQ(at(88), 9u) << "logical unit";
  EXPECT_EQ(at(96), 10u) << "connection";
  EXPECT_EQ(at(100), 11u) << "host";
  EXPECT_EQ(at(104), 255u) << "device type";
  EXPECT_EQ(at(108), 1u) << "account direction";
  EXPECT_EQ(at(112), 0u) << "pack";
  EXPECT_EQ(at(116), 1u) << "force";
  EXPECT_STREQ(reinterpret_cast<const char*>(bytes.data()) + 120, "path=/dev/sda");
}

TEST(Protocol, DecodesWhatItEncodes) {
  EXPECT_EQ(decode(encode_request(full_request())), full_request());
  EXPECT_EQ(decode(encode_request({})), ManagementRequest{});
}

TEST(Protocol, SendsNoNulWithoutText) { EXPECT_EQ(encode_request({}).size(), 120u); }

TEST(Protocol, MarksWhatWasNotGivenWithAllOnes) {
  const Wire bytes = encode_request({});
  for (std::size_t i = 76; i < 80; ++i) EXPECT_EQ(bytes[i], 0xff) << i;
  for (std::size_t i = 88; i < 96; ++i) EXPECT_EQ(bytes[i], 0xff) << i;
}

TEST(Protocol, RefusesAHeaderThatIsCut) {
  Wire bytes = encode_request({});
  bytes.pop_back();
  EXPECT_EQ(header_fault(bytes), ProtocolFault::header_cut);
  EXPECT_EQ(header_fault({}), ProtocolFault::header_cut);
}

TEST(Protocol, RefusesALengthThatCannotBe) {
  Wire bytes = encode_request({});
  for (const std::uint32_t length : {0u, 1u, 119u}) {
    put32(bytes, 72, length);
    EXPECT_EQ(header_fault(bytes), ProtocolFault::length_too_small) << length;
  }
  for (const std::uint32_t length : {120u + 8193u, 0x7fffffffu, 0xffffffffu}) {
    put32(bytes, 72, length);
    EXPECT_EQ(header_fault(bytes), ProtocolFault::length_too_large) << length;
  }
  put32(bytes, 72, 120 + 8192);
  EXPECT_EQ(header_fault(bytes), std::nullopt);
}

TEST(Protocol, RefusesTextThatIsCutAndUnknownNumbers) {
  Wire bytes = encode_request(full_request());
  bytes.pop_back();
  EXPECT_EQ(decode(bytes).error(), ProtocolFault::text_cut);
  bytes = encode_request({});
  put32(bytes, 0, 8);
  EXPECT_EQ(decode(bytes).error(), ProtocolFault::unknown_mode);
  bytes = encode_request({});
  put32(bytes, 4, 9);
  EXPECT_EQ(decode(bytes).error(), ProtocolFault::unknown_operation);
}

TEST(Protocol, ForgivesAMissingNulAndIgnoresWhatFollowsOne) {
  Wire bytes = encode_request({.text = "a=b"});
  bytes.back() = 'c';
  EXPECT_EQ(decode(bytes)->text, "a=bc");
  bytes = encode_request({.text = "a=b"});
  bytes.insert(bytes.end(), {'x', 'y'});
  put32(bytes, 72, static_cast<std::uint32_t>(bytes.size()));
  EXPECT_EQ(decode(bytes)->text, "a=b");
}

TEST(Protocol, TakesADriverNameThatFillsItsField) {
  const std::string name(64, 'd');
  EXPECT_EQ(decode(encode_request({.driver = name}))->driver, name);
  EXPECT_EQ(decode(encode_request({.driver = name + "x"}))->driver, name);
}

TEST(Protocol, TakesANegativeTargetForNone) {
  Wire bytes = encode_request({});
  put32(bytes, 76, 0x80000000u);
  EXPECT_EQ(decode(bytes)->target_id, std::nullopt);
}

TEST(Protocol, RepliesWithCodeLengthAndText) {
  const Wire reply = encode_reply(ManagementErrorCode::no_target, "why");
  ASSERT_EQ(reply.size(), 11u);
  const auto header = decode_reply_header(reply);
  ASSERT_TRUE(header);
  EXPECT_EQ(header->error, 4u);
  EXPECT_EQ(header->length, 11u);
  EXPECT_EQ(text_length(*header), 3u);
}

TEST(Protocol, RefusesReplyHeadersThatCannotBe) {
  Wire reply = encode_reply(ManagementErrorCode::success, "");
  for (const std::uint32_t length : {0u, 7u}) {
    put32(reply, 4, length);
    EXPECT_EQ(decode_reply_header(reply).error(), ProtocolFault::length_too_small);
  }
  put32(reply, 4, 0xffffffffu);
  EXPECT_EQ(decode_reply_header(reply).error(), ProtocolFault::length_too_large);
  reply.pop_back();
  EXPECT_EQ(decode_reply_header(reply).error(), ProtocolFault::header_cut);
}

TEST(ManagementError, HasTheTextsThatClientsMatch) {
  EXPECT_EQ(text_of(ManagementErrorCode::success), "success");
  EXPECT_EQ(text_of(ManagementErrorCode::no_target), "can't find the target");
  EXPECT_EQ(text_of(ManagementErrorCode::target_exists), "this target already exists");
  EXPECT_EQ(text_of(ManagementErrorCode::no_access_rule), "this access control rule does not exist");
  EXPECT_EQ(text_of(ManagementErrorCode::invalid_request), "invalid request");
  EXPECT_EQ(text_of(ManagementErrorCode::logical_unit_active), "this logical unit is still active");
  EXPECT_EQ(text_of(ManagementErrorCode::removal_prevented), "this device has Prevent Removal set");
  EXPECT_EQ(text_of(static_cast<ManagementErrorCode>(25)), "(unknown tgtadm_errno)");
  EXPECT_EQ(text_of(static_cast<ManagementErrorCode>(0xffffffff)), "(unknown tgtadm_errno)");
}

}  // namespace
}  // namespace tgt
