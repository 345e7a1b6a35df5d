// SPDX-License-Identifier: Apache-2.0
#include "transport/iscsi/text_exchange.h"

#include <algorithm>
#include <bit>
#include <utility>

#include "transport/iscsi/text.h"

namespace tgt {

using iscsi::RejectReason;

Result<std::unique_ptr<SmallPdu>, RejectReason> TextExchange::answer(const iscsi::TaggedRequestHeader& request,
                                                                     std::string_view text) {
  const bool final = (request.flags & iscsi::final_bit) != 0;
  const bool has_more = (request.flags & iscsi::continue_bit) != 0;
  if (final && has_more) return failure(RejectReason::protocol_error);
  if (request.target_transfer_tag == iscsi::reserved_tag) {
    received_.clear();
    unsent_.clear();
    targets_told_ = false;
  } else if (request.target_transfer_tag != tag_) {
    return failure(RejectReason::invalid_pdu_field);
  }
  if (!unsent_.empty()) {
    if (!text.empty()) return failure(RejectReason::protocol_error);
    return respond(request);
  }
  if (received_.size() + text.size() > longest_request) return failure(RejectReason::out_of_resources);
  received_.append(text);
  if (!has_more) {
    const std::string whole = std::exchange(received_, {});
    if (const auto taken = take(whole); !taken) return failure(taken.error());
  }
  return respond(request);
}

Result<void, RejectReason> TextExchange::take(std::string_view text) {
  const auto pairs = parse_text(text);
  if (!pairs) return failure(RejectReason::protocol_error);
  for (const TextPair& pair : *pairs) take_pair(pair);
  return {};
}

void TextExchange::take_pair(const TextPair& pair) {
  const TextKey* key = find_text_key(pair.key);
  if (key == nullptr) return append_pair(unsent_, pair.key, "NotUnderstood");
  if ((key->phases & full_feature_phase) == 0) return append_pair(unsent_, key->name, "Reject");
  switch (key->id) {
    case KeyId::send_targets:
      // RFC 7143, 13.3: answered once in an exchange is enough.
      if (!std::exchange(targets_told_, true)) unsent_ += send_targets(services_, initiator_, pair.value);
      return;
    case KeyId::max_recv_data_segment_length: {
      const auto length = parse_number(pair.value);
      if (!length || *length < key->lowest || *length > key->highest) return append_pair(unsent_, key->name, "Reject");
      parameters_.initiator_max_recv_data_segment_length = *length;
      return;
    }
    case KeyId::initiator_alias:
      return;  // only declared
    default:
      return append_pair(unsent_, key->name, "Reject");
  }
}

std::unique_ptr<SmallPdu> TextExchange::respond(const iscsi::TaggedRequestHeader& request) {
  iscsi::TaggedResponseHeader header;
  header.opcode = static_cast<std::uint8_t>(iscsi::Opcode::text_response);
  header.lun = request.lun;
  header.initiator_task_tag = request.initiator_task_tag;
  const std::size_t part = std::min<std::size_t>(unsent_.size(), parameters_.initiator_max_recv_data_segment_length);
  auto pdu = std::make_unique<SmallPdu>();
  pdu->data.assign(unsent_.begin(), unsent_.begin() + static_cast<std::ptrdiff_t>(part));
  unsent_.erase(0, part);
  const bool final = (request.flags & iscsi::final_bit) != 0 && unsent_.empty();
  header.flags = final ? iscsi::final_bit : (unsent_.empty() ? 0 : iscsi::continue_bit);
  if (!final) {
    // Never the reserved tag, which would end the exchange.
    last_tag_ = last_tag_ + 1 == iscsi::reserved_tag ? 1 : last_tag_ + 1;
    tag_ = last_tag_;
    header.target_transfer_tag = tag_;
  } else {
    tag_ = iscsi::reserved_tag;
  }
  pdu->header = std::bit_cast<iscsi::BasicHeader>(header);
  return pdu;
}

}  // namespace tgt
