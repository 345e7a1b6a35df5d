// SPDX-License-Identifier: Apache-2.0
// Any bytes on the management socket: they are refused, or become a request that survives encoding, and that every
// operation of the service can be reached with.
#include <cstdint>
#include <cstdlib>
#include <optional>

#include "control/dispatch.h"
#include "control/fake_management_service.h"
#include "control/protocol.h"

namespace {

tgt::Task<void> keep(tgt::Task<tgt::ManagementResult> task, std::optional<tgt::ManagementResult>& into) {
  into.emplace(co_await std::move(task));
}

void require(bool condition) {
  if (!condition) std::abort();
}

void check_encoding(const tgt::ManagementRequest& request) {
  const auto bytes = tgt::encode_request(request);
  const auto header = tgt::decode_request_header(bytes);
  // A text that filled its field without a NUL is one byte longer with one.
  if (request.text.size() + 1 > tgt::max_request_text) return;
  require(header.has_value());
  const auto again = tgt::decode_request(*header, tgt::Bytes(bytes).subspan(sizeof(tgt::RequestHeader)));
  require(again.has_value() && *again == request);
}

void check_dispatch(const tgt::ManagementRequest& request) {
  tgt::FakeManagementService service;
  std::optional<tgt::ManagementResult> result;
  tgt::spawn(keep(tgt::dispatch_request(request, service), result));
  require(result.has_value());
  // A refusal says why; what is not refused has reached the service.
  require(result->has_value() ? !service.calls.empty() : !result->error().detail.empty());
}

}  // namespace

extern "C" int LLVMFuzzerTestOneInput(const std::uint8_t* data, std::size_t size) {
  const tgt::Bytes input(data, size);
  const auto header = tgt::decode_request_header(input);
  if (!header) return 0;
  const auto request = tgt::decode_request(*header, input.subspan(sizeof(tgt::RequestHeader)));
  if (!request) return 0;
  check_encoding(*request);
  check_dispatch(*request);
  return 0;
}
