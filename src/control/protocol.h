// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <array>
#include <cstddef>
#include <cstdint>
#include <string>
#include <string_view>
#include <type_traits>
#include <vector>

#include "base/bytes.h"
#include "base/result.h"
#include "control/management_error.h"
#include "control/management_request.h"

namespace tgt {

// The management socket speaks what existing clients of the field speak: one fixed structure in the byte order of the
// host, then text. One request and one reply per connection.
struct RequestHeader {
  std::uint32_t mode;
  std::uint32_t operation;
  std::array<char, 64> driver;  // NUL after the name only when it is shorter than the field
  std::uint32_t length;         // of the header and the text, with the text's NUL
  std::int32_t target_id;       // -1: none
  std::uint64_t session_id;
  std::uint64_t logical_unit_number;  // all ones: none
  std::uint32_t connection_id;
  std::uint32_t host_number;
  std::uint32_t device_type;
  std::uint32_t account_direction;  // 0 incoming, 1 outgoing
  std::uint32_t pack;               // always 0
  std::uint32_t force;
};
static_assert(sizeof(RequestHeader) == 120 && offsetof(RequestHeader, length) == 72 &&
              offsetof(RequestHeader, session_id) == 80 && offsetof(RequestHeader, force) == 116);
static_assert(std::is_trivially_copyable_v<RequestHeader>);

struct ReplyHeader {
  std::uint32_t error;   // a ManagementErrorCode
  std::uint32_t length;  // of the header and the text
};
static_assert(sizeof(ReplyHeader) == 8 && std::is_trivially_copyable_v<ReplyHeader>);

// Longest text of a request, with its NUL, and longest of a reply that a client takes.
inline constexpr std::size_t max_request_text = 8192;
inline constexpr std::size_t max_reply_text = std::size_t{64} * 1024 * 1024;

// Why bytes from the socket are no request or no reply.
enum class ProtocolFault : std::uint8_t {
  header_cut,        // fewer bytes than a header
  length_too_small,  // the length field is less than the header
  length_too_large,  // the length field asks for more text than is allowed
  text_cut,          // fewer bytes of text than the length field says
  unknown_mode,
  unknown_operation,
};
std::string_view text_of(ProtocolFault fault);

// The header of a request, when its length field can be believed: text_length(header) is then at most
// max_request_text.
Result<RequestHeader, ProtocolFault> decode_request_header(Bytes from);
std::size_t text_length(const RequestHeader& header);

// The request, once header and text are there. Text behind a NUL is ignored; a missing NUL is forgiven.
Result<ManagementRequest, ProtocolFault> decode_request(const RequestHeader& header, Bytes text);

// The request as bytes. Its driver is cut to 64 bytes, its text must be shorter than max_request_text.
std::vector<std::uint8_t> encode_request(const ManagementRequest& request);

// The reply as bytes.
std::vector<std::uint8_t> encode_reply(ManagementErrorCode code, std::string_view text);

// The header of a reply, when its length field can be believed.
Result<ReplyHeader, ProtocolFault> decode_reply_header(Bytes from);
std::size_t text_length(const ReplyHeader& header);

}  // namespace tgt
