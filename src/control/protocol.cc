// SPDX-License-Identifier: Apache-2.0
#include "control/protocol.h"

#include <algorithm>
#include <cstring>
#include <limits>

namespace tgt {
namespace {

constexpr std::uint64_t no_logical_unit_number = std::numeric_limits<std::uint64_t>::max();

template <class T>
Result<T, ProtocolFault> copy_header(Bytes from) {
  if (from.size() < sizeof(T)) return failure(ProtocolFault::header_cut);
  T header;
  std::memcpy(&header, from.data(), sizeof header);
  return header;
}

template <class T>
std::vector<std::uint8_t> join(const T& header, std::string_view text, std::size_t terminator) {
  std::vector<std::uint8_t> bytes(sizeof header + text.size() + terminator);
  std::memcpy(bytes.data(), &header, sizeof header);
  std::ranges::copy(text, bytes.begin() + sizeof header);
  return bytes;
}

// What stands before the first NUL, or everything.
std::string until_nul(std::string_view characters) { return std::string(characters.substr(0, characters.find('\0'))); }

}  // namespace

std::string_view text_of(ProtocolFault fault) {
  switch (fault) {
    case ProtocolFault::header_cut:
      return "the header is not complete";
    case ProtocolFault::length_too_small:
      return "the length is less than the header's";
    case ProtocolFault::length_too_large:
      return "the length is more than allowed";
    case ProtocolFault::text_cut:
      return "the text is not complete";
    case ProtocolFault::unknown_mode:
      return "the mode is unknown";
    case ProtocolFault::unknown_operation:
      return "the operation is unknown";
  }
  return "the fault is unknown";
}

Result<RequestHeader, ProtocolFault> decode_request_header(Bytes from) {
  auto header = copy_header<RequestHeader>(from);
  if (!header) return header;
  if (header->length < sizeof(RequestHeader)) return failure(ProtocolFault::length_too_small);
  if (text_length(*header) > max_request_text) return failure(ProtocolFault::length_too_large);
  return header;
}

std::size_t text_length(const RequestHeader& header) {
  return header.length < sizeof header ? 0 : header.length - sizeof header;
}

Result<ManagementRequest, ProtocolFault> decode_request(const RequestHeader& header, Bytes text) {
  if (header.mode >= management_mode_count) return failure(ProtocolFault::unknown_mode);
  if (header.operation >= management_operation_count) return failure(ProtocolFault::unknown_operation);
  if (text.size() < text_length(header)) return failure(ProtocolFault::text_cut);
  ManagementRequest request;
  request.mode = static_cast<ManagementMode>(header.mode);
  request.operation = static_cast<ManagementOperation>(header.operation);
  request.driver = until_nul({header.driver.data(), header.driver.size()});
  if (header.target_id >= 0) request.target_id = header.target_id;
  request.session_id = header.session_id;
  if (header.logical_unit_number != no_logical_unit_number) request.logical_unit_number = header.logical_unit_number;
  request.connection_id = header.connection_id;
  request.host_number = header.host_number;
  request.device_type = header.device_type;
  request.outgoing = header.account_direction != 0;
  request.force = header.force != 0;
  request.text = until_nul({reinterpret_cast<const char*>(text.data()), text_length(header)});
  return request;
}

std::vector<std::uint8_t> encode_request(const ManagementRequest& request) {
  // Without text there is no NUL either: that is what existing daemons get from existing clients.
  const std::size_t terminator = request.text.empty() ? 0 : 1;
  RequestHeader header{};
  header.mode = static_cast<std::uint32_t>(request.mode);
  header.operation = static_cast<std::uint32_t>(request.operation);
  request.driver.copy(header.driver.data(), header.driver.size());
  header.length = static_cast<std::uint32_t>(sizeof header + request.text.size() + terminator);
  header.target_id = request.target_id.value_or(-1);
  header.session_id = request.session_id;
  header.logical_unit_number = request.logical_unit_number.value_or(no_logical_unit_number);
  header.connection_id = request.connection_id;
  header.host_number = request.host_number;
  header.device_type = request.device_type;
  header.account_direction = request.outgoing ? 1 : 0;
  header.force = request.force ? 1 : 0;
  return join(header, request.text, terminator);
}

std::vector<std::uint8_t> encode_reply(ManagementErrorCode code, std::string_view text) {
  text = text.substr(0, max_reply_text);
  const ReplyHeader header{static_cast<std::uint32_t>(code),
                           static_cast<std::uint32_t>(sizeof(ReplyHeader) + text.size())};
  return join(header, text, 0);
}

Result<ReplyHeader, ProtocolFault> decode_reply_header(Bytes from) {
  auto header = copy_header<ReplyHeader>(from);
  if (!header) return header;
  if (header->length < sizeof(ReplyHeader)) return failure(ProtocolFault::length_too_small);
  if (text_length(*header) > max_reply_text) return failure(ProtocolFault::length_too_large);
  return header;
}

std::size_t text_length(const ReplyHeader& header) {
  return header.length < sizeof header ? 0 : header.length - sizeof header;
}

}  // namespace tgt
