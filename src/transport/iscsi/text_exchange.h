// SPDX-License-Identifier: Apache-2.0
#pragma once
#include <cstdint>
#include <memory>
#include <string>
#include <string_view>

#include "base/result.h"
#include "transport/iscsi/negotiation.h"
#include "transport/iscsi/outgoing.h"
#include "transport/iscsi/send_targets.h"
#include "transport/iscsi/text.h"

namespace tgt {

// Text requests in the full feature phase (RFC 7143, 11.10): text that comes and answers that go in parts, one exchange
// at a time; a new one takes the place of one that was left.
class TextExchange {
 public:
  TextExchange(const IscsiServices& services, DiscoveringInitiator initiator, IscsiSessionParameters& parameters)
      : services_(services), initiator_(std::move(initiator)), parameters_(parameters) {}

  Result<std::unique_ptr<SmallPdu>, iscsi::RejectReason> answer(const iscsi::TaggedRequestHeader& request,
                                                                std::string_view text);

 private:
  static constexpr std::size_t longest_request = std::size_t{64} << 10;

  Result<void, iscsi::RejectReason> take(std::string_view text);
  void take_pair(const TextPair& pair);
  std::unique_ptr<SmallPdu> respond(const iscsi::TaggedRequestHeader& request);

  const IscsiServices& services_;
  DiscoveringInitiator initiator_;
  IscsiSessionParameters& parameters_;
  std::uint32_t tag_ = iscsi::reserved_tag;  // of the exchange that goes on
  std::uint32_t last_tag_ = 0;
  std::string received_;
  std::string unsent_;
  bool targets_told_ = false;  // in this exchange
};

}  // namespace tgt
